use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::event::{AttemptView, OpView, RunView, StepState, StepView, between};

use super::palette::{Palette, Role};
use super::summary::{LABEL, label, state_parts};
use super::table::{Cell, table};
use super::text::{chain, memoized, skipped, when};
use super::words::duration;

/// What the attempts at an op's steps came to.
#[derive(Default)]
struct Spent<'a> {
    attempts: u64,
    time: Duration,
    longest: Option<(Duration, &'a StepView)>,
}

/// A line for each op, below a head: how many of its steps are in which state, how many attempts there were, how long they
/// took together and the longest of them. Steps must be kept in `view`. Ends with a line break.
#[must_use]
pub fn ops(view: &RunView, palette: Palette) -> String {
    let mut spent: HashMap<&str, Spent<'_>> = HashMap::new();
    for step in view.steps() {
        let spent = spent.entry(step.path.name()).or_default();
        spent.attempts += step.attempts.len() as u64;
        for took in step.attempts.iter().filter_map(|attempt| took(attempt, view)) {
            spent.time += took;
            if spent.longest.is_none_or(|(longest, _)| took > longest) {
                spent.longest = Some((took, step));
            }
        }
    }
    let none = Spent::default();
    let row = |op: &OpView| {
        let Spent { attempts, time, longest } = spent.get(&*op.name).unwrap_or(&none);
        let states: Vec<_> = state_parts(&op.counts).into_iter().map(|(_, text)| text).collect();
        let states = if states.is_empty() { "not begun".to_owned() } else { states.join(", ") };
        let longest = longest.map(|(took, step)| match step.path.branch() {
            Some(branch) => format!("{} {branch}", duration(took)),
            None => duration(took),
        });
        [
            Cell::of(Role::Name, &*op.name),
            states.into(),
            if *attempts > 0 { attempts.to_string() } else { String::new() }.into(),
            longest.as_ref().map_or_else(String::new, |_| duration(*time)).into(),
            longest.unwrap_or_default().into(),
        ]
    };
    table(["op", "steps", "attempts", "time", "longest"], view.ops().iter().map(row).collect(), palette)
}

/// Every step that is kept in `view`, in the order in which they were heard of: its state, how long it took, and if there
/// were several attempts or one that failed, each of them with the time of its beginning. Ends with a line break.
#[must_use]
pub fn steps(view: &RunView, palette: Palette) -> String {
    let mut text = String::new();
    for step in view.steps() {
        let (word, role) = match &step.state {
            StepState::Running if is_open(step) => ("Open", Role::Busy),
            StepState::Running => ("Running", Role::Busy),
            StepState::WaitingRetry => ("To retry", Role::Warn),
            StepState::Succeeded => ("Succeeded", Role::Good),
            StepState::Failed => ("Failed", Role::Bad),
            StepState::Canceled => ("Canceled", Role::Bad),
            StepState::Skipped(_) => ("Skipped", Role::Skip),
            StepState::Memoized(_) => ("Memoized", Role::Good),
        };
        let why = match &step.state {
            StepState::Skipped(cause) => skipped(cause),
            StepState::Memoized(of) => memoized(*of),
            _ => String::new(),
        };
        let name = palette.paint(Role::Name, &step.path.to_string());
        let _ = writeln!(text, "{} {name}{why}", label(role, word, view.took(step), palette));
        if step.attempts.len() > 1 || step.attempts.iter().any(|attempt| attempt.error.is_some()) {
            step.attempts.iter().for_each(|attempt| text.push_str(&told(attempt, view, palette)));
        }
    }
    text
}

/// Whether it has emitted an item, and is not done with its stream.
pub(super) fn is_open(step: &StepView) -> bool {
    step.state == StepState::Running && step.attempts.last().is_some_and(|attempt| attempt.opened.is_some())
}

fn told(attempt: &AttemptView, view: &RunView, palette: Palette) -> String {
    let begun = when(view, attempt.start, palette);
    let took = took(attempt, view).map_or_else(String::new, |took| match attempt.end {
        Some(_) => format!(", took {}", duration(took)),
        None => format!(", for {}", duration(took)),
    });
    let error = attempt.error.as_ref().map_or_else(String::new, |error| format!(": {}", chain(error)));
    format!("{:LABEL$} #{} at {}s{took}{error}\n", "", attempt.number, begun.trim_start())
}

/// How long an attempt has taken, or has run so far. Nobody knows it of one whose stream is open, which runs only now and then.
pub(super) fn took(attempt: &AttemptView, view: &RunView) -> Option<Duration> {
    let so_far = || view.present().filter(|_| attempt.opened.is_none());
    Some(between(attempt.start, attempt.end.or_else(so_far)?))
}
