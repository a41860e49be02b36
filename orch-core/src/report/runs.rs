use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event::{Counts, between};
use crate::storage::{RunRecord, RunState};

use super::palette::{Palette, Role};
use super::short::short;
use super::table::{Cell, table};
use super::text::one_line;
use super::words::{ago, duration, moment};

#[cfg(test)]
mod tests;

/// How runs are listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// The present time.
    pub now: Timestamp,
    /// How many digits of their identifiers are shown; see [`digits`](super::digits).
    pub digits: usize,
    /// Whether times are told exactly, in UTC, and not as how long ago they are.
    pub exact: bool,
    /// Whether colours may be used.
    pub palette: Palette,
}

/// A line for each run, below a head: identifier, job, state, when it began, how long it took, what its steps came to, and
/// tags. Ends with a line break.
#[must_use]
pub fn runs(runs: &[(RunRecord, RunState)], listed: &Listed) -> String {
    let row = |(run, state): &(RunRecord, RunState)| {
        let tags: Vec<_> = run.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        [
            short(run.id, listed.digits).into(),
            Cell::of(Role::Name, one_line(&run.job)),
            Cell::of(state_role(*state), state.name()),
            if listed.exact { moment(run.created) } else { ago(run.created, listed.now) }.into(),
            took(run, *state, listed.now).into(),
            steps(run).into(),
            one_line(&tags.join(" ")).into(),
        ]
    };
    let head = ["run", "job", "status", "when", "took", "steps", "tags"];
    table(head, runs.iter().map(row).collect(), listed.palette)
}

/// A run as JSON: what its record says, each field there whether or not it has a value, and `state`. Times are in RFC 3339.
#[must_use]
pub fn run_as_json(run: &RunRecord, state: RunState) -> Value {
    json!({
        "id": run.id,
        "job": run.job,
        "tags": run.tags,
        "created": run.created,
        "status": run.status,
        "state": state,
        "ended": run.ended,
        "parent": run.parent,
        "root": run.root,
        "counts": run.counts,
        "first_failed": run.first_failed,
    })
}

pub(super) fn state_role(state: RunState) -> Role {
    match state {
        RunState::Success => Role::Good,
        RunState::Failure | RunState::Canceled => Role::Bad,
        RunState::Interrupted | RunState::Canceling => Role::Warn,
        RunState::Running => Role::Busy,
    }
}

/// How long the run took, or has been running. Of one that was interrupted the record does not say it.
fn took(run: &RunRecord, state: RunState, now: Timestamp) -> String {
    let until = match state {
        RunState::Running | RunState::Canceling => Some(now),
        _ => run.ended,
    };
    until.map_or_else(String::new, |until| duration(between(run.created, until)))
}

/// What the steps came to, which the record of a run that is not over does not say.
fn steps(run: &RunRecord) -> String {
    let Counts { succeeded, failed, canceled, skipped, memoized, .. } = run.counts;
    let states = [
        (succeeded, "ok"),
        (failed, "failed"),
        (canceled, "canceled"),
        (skipped, "skipped"),
        (memoized, "memoized"),
    ];
    let some = states.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = some.map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() && run.status.is_terminal() { "none".to_owned() } else { parts.join(", ") }
}
