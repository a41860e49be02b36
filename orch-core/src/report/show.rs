use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event::{RunView, StepState, StepView, between};
use crate::storage::{Holder, Pinned, RunRecord, RunState};

use super::palette::{Palette, Role};
use super::runs::{run_as_json, state_role};
use super::text::one_line;
use super::words::{ago, duration, moment};

/// How wide the names of what is told of a run are.
const NAME: usize = 12;

/// A run that is shown on its own.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Its line in the list of runs.
    pub run: &'a RunRecord,
    /// Where it stands.
    pub state: RunState,
    /// What it was begun with.
    pub pinned: &'a Pinned,
    /// Who runs it at present.
    pub holder: Option<&'a Holder>,
    /// The present time.
    pub now: Timestamp,
    /// Whether colours may be used.
    pub palette: Palette,
}

/// Which run it is, how it stands, and what it was begun with, a line for each thing there is to say. Ends with a line break.
#[must_use]
pub fn begun(shown: &Shown<'_>) -> String {
    let Shown { run, state, pinned, palette, .. } = *shown;
    let held = shown.holder.filter(|_| !state.is_over());
    let held = held.map_or_else(String::new, |holder| format!(", by {}", one_line(&holder.to_string())));
    let took = run.ended.map(|ended| duration(between(run.created, ended)));
    let tags: Vec<_> = run.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let optional = |text: &Option<String>| text.as_deref().map_or_else(String::new, one_line);
    let made_from = run.parent.map_or_else(String::new, |parent| match run.root {
        root if root == parent => parent.to_string(),
        root => format!("{parent}, and that of {root}"),
    });
    let lines = [
        ("run", run.id.to_string()),
        ("job", palette.paint(Role::Name, &one_line(&run.job))),
        ("status", format!("{}{held}", palette.paint(state_role(state), state.name()))),
        ("begun", format!("{}, {}", moment(run.created), ago(run.created, shown.now))),
        ("took", took.unwrap_or_default()),
        ("tags", one_line(&tags.join(" "))),
        ("environment", optional(&pinned.environment)),
        ("selection", optional(&pinned.selection)),
        ("made from", made_from),
        ("program", program(pinned)),
    ];
    let mut text = String::new();
    for (name, told) in lines.iter().filter(|(_, told)| !told.is_empty()) {
        let _ = writeln!(text, "{}{told}", palette.paint(Role::Faint, &format!("{name:<NAME$} ")));
    }
    text
}

fn program(pinned: &Pinned) -> String {
    let made = &pinned.program;
    let build = made.build.as_ref().map(|build| format!(" ({build})")).unwrap_or_default();
    let by = |path: &String| format!("{path}{build}, ");
    let told = made.executable.as_ref().map(by).unwrap_or_default();
    one_line(&format!("{told}orch {}", made.orch))
}

/// All that is known of a run as one object: `run` as in the list of runs, `begun_with`, `ops`, and `steps` with their
/// attempts, as far as `view` has them. Times are in RFC 3339, durations have whole seconds and the rest in nanoseconds.
#[must_use]
pub fn shown_as_json(shown: &Shown<'_>, view: &RunView) -> Value {
    let Pinned { environment, selection, config, program, .. } = shown.pinned;
    let holder = shown.holder.map(|holder| json!({"process": holder.process, "host": holder.host}));
    let op = |op: &crate::event::OpView| json!({"name": op.name, "mapped": op.mapped, "counts": op.counts});
    json!({
        "run": run_as_json(shown.run, shown.state),
        "holder": holder,
        "begun_with": {
            "environment": environment,
            "selection": selection,
            "config": config,
            "program": {
                "executable": program.executable,
                "build": program.build,
                "orch": program.orch,
            },
        },
        "ops": view.ops().iter().map(op).collect::<Vec<_>>(),
        "steps": view.steps().iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &StepView) -> Value {
    let (state, cause) = match &step.state {
        StepState::Memoized(_) => ("memoized", None),
        StepState::Running => ("running", None),
        StepState::WaitingRetry => ("waiting_retry", None),
        StepState::Succeeded => ("succeeded", None),
        StepState::Failed => ("failed", None),
        StepState::Canceled => ("canceled", None),
        StepState::Skipped(cause) => ("skipped", Some(cause)),
    };
    let attempts = step.attempts.iter().map(|attempt| {
        json!({
            "number": attempt.number,
            "ready": attempt.ready,
            "start": attempt.start,
            "opened": attempt.opened,
            "end": attempt.end,
            "error": attempt.error,
        })
    });
    let attempts: Vec<_> = attempts.collect();
    let of = match step.state {
        StepState::Memoized(of) => Some(of),
        _ => None,
    };
    json!({"path": step.path, "state": state, "of": of, "cause": cause, "took": step.took(), "attempts": attempts})
}
