//! A run as rows and spans of time: what the chart in a terminal and the chart in a file have in common.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{AttemptView, OpView, RunView, StepState, StepView, between};

/// The steps of a run in the order of the plan, the copies of a mapped step in the order of their starts; times count from
/// the run's start.
pub(super) struct Chart<'a> {
    pub(super) length: Duration,
    pub(super) groups: Vec<Group<'a>>,
    start: Timestamp,
    /// Until when what is under way has lasted, if that is said.
    present: Option<Timestamp>,
}

/// One step, or all mapped copies of one.
pub(super) struct Group<'a> {
    pub(super) op: &'a str,
    pub(super) mapped: bool,
    pub(super) steps: Vec<&'a StepView>,
}

/// What a step did for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Running,
    /// A stream is open: the step runs only while the next item is asked for.
    Open,
    /// An attempt that failed.
    Failed,
    /// An attempt that was cut off, as its process was gone.
    Interrupted,
    /// Between an attempt and the next.
    Retry,
    /// A moment: when it was known that the step will not run.
    Skipped,
    /// A moment: when it was known that what it makes is there.
    Memoized,
}

/// What few runs have.
#[derive(Clone, Copy)]
pub(super) struct Rare {
    pub(super) interrupted: bool,
    pub(super) memoized: bool,
}

pub(super) struct Span {
    pub(super) phase: Phase,
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// The attempt that it belongs to or follows; 0 without one.
    pub(super) attempt: u32,
}

impl<'a> Chart<'a> {
    pub(super) fn new(view: &'a RunView) -> Self {
        let group = |op: &'a OpView| Group { op: &op.name, mapped: false, steps: Vec::new() };
        let mut groups: Vec<Group<'a>> = view.ops().iter().map(group).collect();
        let at: HashMap<&str, usize> = groups.iter().enumerate().map(|(at, group)| (group.op, at)).collect();
        for step in view.steps() {
            if let Some(&at) = at.get(step.path.name()) {
                groups[at].mapped |= step.path.branch().is_some();
                groups[at].steps.push(step);
            }
        }
        let began = |step: &StepView| step.attempts.first().map_or(step.first, |attempt| attempt.start);
        groups.retain(|group| !group.steps.is_empty());
        for group in &mut groups {
            group.steps.sort_by_key(|step| began(step));
        }
        // A step may have been ready before the first event is told, when its wait is reckoned back from its start.
        Self {
            length: view.elapsed(),
            groups,
            start: view.start().unwrap_or_default(),
            present: view.present(),
        }
    }

    /// How long a step took, or has run so far.
    pub(super) fn took(&self, step: &StepView) -> Option<Duration> {
        step.took_until(self.present)
    }

    fn time(&self, moment: Timestamp) -> Duration {
        between(self.start, moment).min(self.length)
    }

    /// What a step did, in the order of time; what has not ended lasts to the end of the chart.
    pub(super) fn spans(&self, step: &StepView) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut add = |phase, from, to, attempt| {
            if from < to || !matches!(phase, Phase::Queued | Phase::Retry | Phase::Open) {
                spans.push(Span { phase, from, to, attempt });
            }
        };
        let mut last: Option<&AttemptView> = None;
        for attempt in &step.attempts {
            if let Some(end) = last.and_then(|last| last.end) {
                add(Phase::Retry, self.time(end), self.time(attempt.ready), attempt.number);
            }
            add(Phase::Queued, self.time(attempt.ready), self.time(attempt.start), attempt.number);
            let end = attempt.end.map_or(self.length, |end| self.time(end));
            let start = self.time(attempt.start);
            match (attempt.error.is_some(), attempt.opened) {
                _ if attempt.interrupted => add(Phase::Interrupted, start, end, attempt.number),
                (true, _) => add(Phase::Failed, start, end, attempt.number),
                (false, Some(opened)) => {
                    add(Phase::Running, start, self.time(opened), attempt.number);
                    add(Phase::Open, self.time(opened), end, attempt.number);
                }
                (false, None) => add(Phase::Running, start, end, attempt.number),
            }
            last = Some(attempt);
        }
        match (&step.state, last) {
            (StepState::Skipped(_), _) => {
                let moment = last.and_then(|last| last.end).unwrap_or(step.first);
                add(Phase::Skipped, self.time(moment), self.time(moment), 0);
            }
            (StepState::Memoized(_), _) => {
                add(Phase::Memoized, self.time(step.first), self.time(step.first), 0);
            }
            (StepState::WaitingRetry, Some(AttemptView { end: Some(end), number, .. })) => {
                add(Phase::Retry, self.time(*end), self.length, *number);
            }
            _ => {}
        }
        spans
    }

    /// What is there of that which is rare, so that only then it is told what it looks like.
    pub(super) fn rare(&self) -> Rare {
        let steps = || self.groups.iter().flat_map(|group| &group.steps);
        Rare {
            interrupted: steps().any(|step| step.attempts.iter().any(|attempt| attempt.interrupted)),
            memoized: steps().any(|step| matches!(step.state, StepState::Memoized(_))),
        }
    }

    /// How far into the chart a moment lies, from 0 to 1.
    pub(super) fn share(&self, moment: Duration) -> f64 {
        if self.length.is_zero() { 0.0 } else { moment.as_secs_f64() / self.length.as_secs_f64() }
    }

    /// Adds to each of the columns, which divide the chart evenly, how much of its time the span takes. Summed over
    /// many steps this is how many there were at once, on average over the column.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a column is between 0 and their number"
    )]
    pub(super) fn fill(&self, span: &Span, columns: &mut [f64]) {
        let (from, to) =
            (self.share(span.from) * columns.len() as f64, self.share(span.to) * columns.len() as f64);
        let first = (from as usize).min(columns.len().saturating_sub(1));
        let last = (to.ceil() as usize).max(first + 1);
        for (at, column) in columns.iter_mut().enumerate().take(last).skip(first) {
            // However short a span is, its column is not empty.
            *column += (to.min((at + 1) as f64) - from.max(at as f64)).max(1e-9);
        }
    }

    /// The moments to mark on the axis, evenly spaced by a round time, at most so many after the first.
    pub(super) fn ticks(&self, most: usize) -> Vec<(Duration, String)> {
        let most = u32::try_from(most.max(1)).unwrap_or(u32::MAX);
        let fits = |step: &Duration| step.saturating_mul(most) >= self.length;
        let step = round_times().find(fits).unwrap_or(self.length).max(Duration::from_micros(1));
        let ticks = (0..=most).map(|n| step.saturating_mul(n)).take_while(|tick| *tick <= self.length);
        let ticks: Vec<_> = ticks.collect();
        let scale = Scale::new(step, ticks.last().copied().unwrap_or_default());
        ticks.into_iter().map(|tick| (tick, scale.label(tick))).collect()
    }
}

/// The times that people count in, ever longer.
fn round_times() -> impl Iterator<Item = Duration> {
    let decimal =
        (1..=6).flat_map(|power| [1, 2, 5].map(|digit| Duration::from_micros(digit * 10_u64.pow(power))));
    let seconds = [10, 15, 30].into_iter();
    let minutes = [1, 2, 5, 10, 15, 30].into_iter().map(|n| n * 60);
    let hours = [1, 2, 3, 6, 12].into_iter().map(|n| n * 3600);
    let days = [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().map(|n| n * 86_400);
    decimal.chain(seconds.chain(minutes).chain(hours).chain(days).map(Duration::from_secs))
}

/// How the moments of one axis are written: all in the same units, so that they can be compared at a glance.
enum Scale {
    /// `1.5ms`: in a unit of so many nanoseconds, to so many digits after the point, the last of which is `finest`.
    Decimal { unit: u128, name: &'static str, finest: u128, digits: usize },
    /// `1m30s`: in these units, the largest first.
    Clock(&'static [(u128, &'static str)]),
}

const SECOND: u128 = 1_000_000_000;
const CLOCK: [(u128, &str); 4] =
    [(86_400 * SECOND, "d"), (3600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s")];

impl Scale {
    /// For moments that are `step` apart, up to `last`: in units of which the last one has some, as fine as the step.
    fn new(step: Duration, last: Duration) -> Self {
        let (step, last) = (step.as_nanos(), last.as_nanos());
        if last >= 60 * SECOND
            && let Some(finest) = CLOCK.iter().position(|(unit, _)| step.is_multiple_of(*unit))
        {
            let largest = CLOCK.iter().position(|(unit, _)| *unit <= last).unwrap_or(finest);
            return Self::Clock(&CLOCK[largest..=finest]);
        }
        let (unit, name) = match last {
            1..1_000_000 => (1000, "µs"),
            1_000_000..SECOND => (1_000_000, "ms"),
            _ => (SECOND, "s"),
        };
        let (mut finest, mut digits) = (unit, 0);
        while last > 0 && !step.is_multiple_of(finest) {
            finest /= 10;
            digits += 1;
        }
        Self::Decimal { unit, name, finest, digits }
    }

    fn label(&self, moment: Duration) -> String {
        let mut rest = moment.as_nanos();
        match self {
            Self::Decimal { unit, name, digits: 0, .. } => format!("{}{name}", rest / unit),
            Self::Decimal { unit, name, finest, digits } => {
                format!("{}.{:0digits$}{name}", rest / unit, rest % unit / finest)
            }
            Self::Clock(units) => {
                let parts = units.iter().enumerate().map(|(at, (unit, name))| {
                    let n = rest / unit;
                    rest %= unit;
                    if at == 0 { format!("{n}{name}") } else { format!("{n:02}{name}") }
                });
                parts.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_round_and_share_their_units() {
        let labels = |ms: u64, most: usize| {
            let length = Duration::from_millis(ms);
            let chart = Chart { length, groups: Vec::new(), start: Timestamp::UNIX_EPOCH, present: None };
            chart.ticks(most).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels(2500, 6), "0.0s 0.5s 1.0s 1.5s 2.0s 2.5s");
        assert_eq!(labels(2, 4), "0.0ms 0.5ms 1.0ms 1.5ms 2.0ms");
        assert_eq!(labels(7, 4), "0ms 2ms 4ms 6ms");
        assert_eq!(labels(250, 6), "0ms 50ms 100ms 150ms 200ms 250ms");
        assert_eq!(
            labels(1010, 21),
            (0..=20).map(|n| format!("{}.{:02}s", n / 20, n % 20 * 5)).collect::<Vec<_>>().join(" ")
        );
        assert!(labels(61_000, 150).ends_with(" 60.5s 61.0s"));
        assert_eq!(labels(59_000, 6), "0s 10s 20s 30s 40s 50s");
        assert_eq!(labels(95_000, 5), "0m00s 0m30s 1m00s 1m30s");
        assert_eq!(labels(600_000, 5), "0m 2m 4m 6m 8m 10m");
        assert_eq!(labels(5_400_000, 3), "0h00m 0h30m 1h00m 1h30m");
        assert_eq!(labels(100_000_000, 4), "0d00h 0d12h 1d00h");
        assert_eq!(labels(300_000_000, 4), "0d 1d 2d 3d");
        assert_eq!(labels(0, 4), "0s");
    }
}
