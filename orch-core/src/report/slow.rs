use std::time::Duration;

use jiff::Timestamp;

use crate::event::{LiveStep, RunView, between};

use super::palette::{Palette, Role};
use super::text::when;
use super::words::{count, duration};

#[cfg(test)]
mod tests;

/// How many steps are named at once: those that hang on the same thing are many, and alike.
const NAMED: usize = 20;

/// What those who follow a run line by line are told at `now` of steps that take long, if they were last told at `before`: a
/// line for each running step that has come to `slow_after` since then, or to twice, four times, eight times as much; of
/// more than twenty the oldest, and how many more there are.
///
/// So a step that hangs is seen, and seen to go on hanging, and no step is told twice of the same age. An open stream is
/// left out: it is as slow as those who take its items. The lines have the form of [`line()`](super::line()).
#[must_use]
pub fn slow(
    view: &RunView,
    slow_after: Duration,
    before: Timestamp,
    now: Timestamp,
    palette: Palette,
) -> Vec<String> {
    let passed = |step: &LiveStep, until| passed(between(step.since, until), slow_after);
    let late = |step: &&LiveStep| passed(step, now) > passed(step, before);
    let mut steps: Vec<_> =
        view.live().filter(|step| step.retry_after.is_none() && !step.open).filter(late).collect();
    steps.sort_by_cached_key(|step| (step.since, step.path.to_string()));
    let told = |step: &LiveStep| {
        let attempt = if step.attempt > 1 { format!(" #{}", step.attempt) } else { String::new() };
        format!(
            "{}  {} {}{attempt} has been running for {}",
            when(view, now, palette),
            palette.paint(Role::Warn, "SLOW"),
            palette.paint(Role::Name, &step.path.to_string()),
            duration(between(step.since, now)),
        )
    };
    let more = steps.len().saturating_sub(NAMED);
    let mut lines: Vec<_> = steps.into_iter().take(NAMED).map(told).collect();
    if more > 0 {
        let more = count(more as u64, "more step is", "more steps are");
        lines.push(format!("{}  … and {more} as slow", when(view, now, palette)));
    }
    lines
}

/// How many of the ages of which is told a step has come to: once, twice, four times `slow_after`.
fn passed(age: Duration, slow_after: Duration) -> u32 {
    // Nothing is a multiple of nothing; whatever has run at all is slow then.
    let times = age.as_nanos() / slow_after.as_nanos().max(1);
    u128::BITS - times.leading_zeros()
}
