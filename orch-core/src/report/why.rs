use std::fmt::Write as _;

use jiff::Timestamp;

use crate::asset::Materialization;
use crate::event::SkipCause;
use crate::ids::{RunId, StepPath};
use crate::plan::Plan;
use crate::storage::{Holder, RunState};

use super::palette::{Palette, Role};
use super::text::{chain, one_line};
use super::words::{ago, count, moment};

mod held;
mod history;
mod needs;
mod step;
#[cfg(test)]
mod tests;

pub use history::History;
use history::{Now, Story};
pub use step::why_step;

/// How many steps are named of those that are in one state.
const NAMED: usize = 5;

/// A run of which is asked why it is where it is.
#[derive(Clone, Copy, Debug)]
pub struct Why<'a> {
    /// What its events say.
    pub history: &'a History,
    /// The plan that it was begun with.
    pub plan: &'a Plan,
    /// What it may take in the place of assets that it makes; nothing of a run that makes all.
    pub taken: &'a [Materialization],
    /// The run that it goes on from: what has succeeded there does not run again.
    pub upstream: Option<RunId>,
    /// Where it stands.
    pub state: RunState,
    /// Who runs it at present.
    pub holder: Option<&'a Holder>,
    /// The present time.
    pub now: Timestamp,
    /// Whether colours may be used.
    pub palette: Palette,
}

/// Why a run is where it is: what failed, what it waits for, where it was interrupted. Ends with a line break.
#[must_use]
pub fn why_run(why: &Why<'_>) -> String {
    let Why { history, plan, state, palette, .. } = *why;
    let job = palette.paint(Role::Name, &one_line(&plan.job));
    let stands = match state {
        RunState::Success => palette.paint(Role::Good, "succeeded"),
        RunState::Failure => palette.paint(Role::Bad, "failed"),
        RunState::Canceled => palette.paint(Role::Bad, "was canceled"),
        RunState::Canceling => palette.paint(Role::Warn, "is being canceled"),
        RunState::Interrupted => palette.paint(Role::Warn, "was interrupted"),
        RunState::Running => palette.paint(Role::Busy, "is running"),
    };
    let more = match (state, history.latest) {
        (RunState::Interrupted, Some(latest)) => {
            let asked = history
                .canceling
                .map(|asked| format!(", after it was asked at {} to end as canceled", moment(asked)));
            let latest = ago(latest, why.now);
            format!(
                ": nobody runs it any more, and the last that is known of it is {latest}{}",
                asked.unwrap_or_default()
            )
        }
        (RunState::Running | RunState::Canceling, _) => {
            why.holder.map_or_else(String::new, |holder| format!(", by {}", one_line(&holder.to_string())))
        }
        (RunState::Canceled, _) => {
            let asked = history.canceling.map(moment);
            asked.map_or_else(String::new, |asked| format!(": that was asked for at {asked}"))
        }
        (RunState::Success, _) => format!(": {}", count(history.heard() as u64, "step", "steps")),
        _ => String::new(),
    };
    let mut text = format!("{job} {stands}{more}\n");
    if let Some((resource, error)) = &history.resource {
        let _ = writeln!(text, "  the resource {} could not be opened: {}", one_line(resource), chain(error));
    }
    if let Some((resource, since)) = history.opening.as_ref().filter(|_| !state.is_over()) {
        let _ =
            writeln!(text, "  the resource {} is being opened, {}", one_line(resource), ago(*since, why.now));
    }
    text.push_str(&failed(why));
    text.push_str(&under_way(why));
    text.push_str(&skipped(history));
    for path in &history.detached {
        let _ = writeln!(
            text,
            "  {path} did not end in time; its code may run on for as long as the process of the run does"
        );
    }
    text.push_str(&to_come(why));
    text
}

/// The first failure with all that it says, and of the others why, each reason once.
fn failed(why: &Why<'_>) -> String {
    let mut reasons: Vec<(String, Vec<(&StepPath, &Story)>)> = Vec::new();
    for (path, story) in why.history.steps() {
        let Now::Failed { error } = &story.now else { continue };
        let reason = chain(error);
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, steps)) => steps.push((path, story)),
            None => reasons.push((reason, vec![(path, story)])),
        }
    }
    let mut reasons = reasons.into_iter();
    let Some((_, first)) = reasons.next() else { return String::new() };
    let mut text = String::new();
    let (path, story) = first[0];
    for line in step::told(why, path, story).lines() {
        let _ = writeln!(text, "  {line}");
    }
    let paths =
        |steps: &[(&StepPath, &Story)]| steps.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>();
    text.push_str(&named(&paths(&first[1..]), "failed too"));
    for (reason, steps) in reasons.by_ref().take(NAMED) {
        let _ = writeln!(text, "  {} failed: {reason}", first_of(&paths(&steps)));
    }
    let more: usize = reasons.map(|(_, steps)| steps.len()).sum();
    if more > 0 {
        let _ = writeln!(text, "  and {} failed", count(more as u64, "more step", "more steps"));
    }
    text
}

/// What runs, or ran when the run was interrupted or canceled.
fn under_way(why: &Why<'_>) -> String {
    let mut text = String::new();
    let live = |story: &Story| match story.now {
        Now::Running { .. } | Now::Waiting { .. } | Now::Again => !why.state.is_over(),
        Now::Canceled => true,
        _ => false,
    };
    let live: Vec<_> = why.history.steps().filter(|(_, story)| live(story)).collect();
    for (path, story) in live.iter().take(NAMED) {
        for line in step::told(why, path, story).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    if live.len() > NAMED {
        let more = (live.len() - NAMED) as u64;
        let _ = writeln!(text, "  and so {}", count(more, "more step", "more steps"));
    }
    text
}

/// What did not run, by what it was for.
fn skipped(history: &History) -> String {
    let mut causes: Vec<(&SkipCause, Vec<&StepPath>)> = Vec::new();
    for (path, story) in history.steps() {
        let Now::Skipped { cause } = &story.now else { continue };
        match causes.iter_mut().find(|(other, _)| *other == cause) {
            Some((_, paths)) => paths.push(path),
            None => causes.push((cause, vec![path])),
        }
    }
    let mut text = String::new();
    for (cause, paths) in &causes {
        let since = match cause {
            SkipCause::Failed(step) => format!("skipped since {step} failed"),
            SkipCause::Absent(step) => format!("skipped since {step} left its output out"),
            SkipCause::Lacking(why) => format!("skipped since {why}"),
            SkipCause::Canceled => "skipped since the run was canceled".to_owned(),
        };
        text.push_str(&named(paths, &since));
    }
    text
}

/// The steps of the plan of which nothing was heard, in a run that is not over.
fn to_come(why: &Why<'_>) -> String {
    if why.state.is_over() {
        return String::new();
    }
    let unheard = |name: &str| why.history.copies(name).next().is_none();
    let steps = why.plan.steps.iter().filter(|step| !step.given && unheard(&step.name));
    let names: Vec<_> = steps.map(|step| step.name.as_str()).collect();
    named(&names, "not begun")
}

/// `  a, b and 3 more: skipped`, or nothing if there are none.
fn named(steps: &[impl std::fmt::Display], what: &str) -> String {
    if steps.is_empty() { String::new() } else { format!("  {}: {what}\n", first_of(steps)) }
}

/// `a, b and 3 more`
fn first_of(steps: &[impl std::fmt::Display]) -> String {
    let names: Vec<_> = steps.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match steps.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{}{more}", names.join(", "))
}
