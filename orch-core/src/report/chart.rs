//! A run as rows and spans of time: what the chart in a terminal and the chart in a file have in common.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{AttemptView, RunView, StepState, StepView, between};

/// The steps of a run, those of one op together, in the order of their first start; times count from the run's start.
pub(super) struct Chart<'a> {
    pub(super) length: Duration,
    pub(super) groups: Vec<Group<'a>>,
    start: Timestamp,
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
    /// Between a failed attempt and the next.
    Retry,
    /// A moment: when it was known that the step will not run.
    Skipped,
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
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut group_of = HashMap::new();
        for step in view.steps() {
            let at = *group_of.entry(step.path.name()).or_insert_with(|| {
                groups.push(Group {
                    op: step.path.name(),
                    mapped: step.path.branch().is_some(),
                    steps: Vec::new(),
                });
                groups.len() - 1
            });
            groups[at].steps.push(step);
        }
        let began = |step: &StepView| step.attempts.first().map_or(step.first, |attempt| attempt.start);
        for group in &mut groups {
            group.steps.sort_by_key(|step| began(step));
        }
        groups.sort_by_key(|group| group.steps.first().map(|step| began(step)));
        // A step may have been ready before the first event is told, when its wait is reckoned back from its start.
        Self { length: view.elapsed(), groups, start: view.start().unwrap_or_default() }
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
            (StepState::WaitingRetry, Some(AttemptView { end: Some(end), number, .. })) => {
                add(Phase::Retry, self.time(*end), self.length, *number);
            }
            _ => {}
        }
        spans
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
        (0..=most)
            .map(|n| step.saturating_mul(n))
            .take_while(|tick| *tick <= self.length)
            .map(|tick| (tick, tick_label(tick)))
            .collect()
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

fn tick_label(tick: Duration) -> String {
    let seconds = tick.as_secs();
    let units =
        [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    match (seconds, tick.subsec_micros()) {
        (0, 0) => "0s".to_owned(),
        (0, micros) if micros % 1000 == 0 => format!("{}ms", micros / 1000),
        (0, micros) => format!("{micros}µs"),
        (1..60, micros) if micros > 0 => format!("{}s", tick.as_secs_f64()),
        _ => units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let labels = |ms: u64, most: usize| {
            let length = Duration::from_millis(ms);
            let chart = Chart { length, groups: Vec::new(), start: Timestamp::UNIX_EPOCH };
            chart.ticks(most).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels(2500, 6), "0s 500ms 1s 1.5s 2s 2.5s");
        assert_eq!(labels(7, 4), "0s 2ms 4ms 6ms");
        assert_eq!(labels(95_000, 5), "0s 30s 1m 1m30s");
        assert_eq!(labels(100_000_000, 4), "0s 12h 1d");
        assert_eq!(labels(0, 4), "0s");
    }
}
