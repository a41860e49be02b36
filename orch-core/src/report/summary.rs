use std::cmp::Reverse;
use std::fmt::Write as _;
use std::time::Duration;

use crate::asset::{CheckResult, Severity};
use crate::event::{Counts, Detail, FailedStep, ResourceState, RunStatus, RunView, StepState, StepView};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::StepPath;
use crate::storage::RunState;

use super::ops::took;
use super::palette::{Palette, Role};
use super::text::{judged, one_line};
use super::words::{count, duration};

#[cfg(test)]
mod tests;

/// How wide the column of states is, so that what follows is aligned in all lines: as cargo's and nextest's.
pub(super) const LABEL: usize = 12;

/// How many of the slowest steps are named, and how many of those that a canceled run cut off, where there are more.
const SLOWEST: usize = 5;

/// How many hooks that failed are told with their errors.
const HOOKS: usize = 5;

/// How a run went: a line of counts, whether it was taken up again, the resource that could not be opened or each failed step with its error, the checks
/// that have not passed, what was cut
/// off by canceling, the hooks that failed, what could not be closed, and the slowest steps where steps were kept, without those whose streams
/// were open.
///
/// Ends with a line break. While the run is under way it tells how it stands.
#[must_use]
pub fn summary(view: &RunView, palette: Palette) -> String {
    summary_of(view, RunState::of(view.status(), true), palette)
}

/// As [`summary`], of a run of which is known whether anybody runs it.
#[must_use]
pub fn summary_of(view: &RunView, state: RunState, palette: Palette) -> String {
    let mut text = format!("{}\n", palette.paint(Role::Faint, &"─".repeat(LABEL)));
    let (word, role) = match state {
        RunState::Success => ("Success", Role::Good),
        RunState::Failure => ("Failure", Role::Bad),
        RunState::Canceled => ("Canceled", Role::Bad),
        RunState::Canceling => ("Canceling", Role::Warn),
        RunState::Interrupted => ("Interrupted", Role::Warn),
        RunState::Running => ("Running", Role::Busy),
    };
    let counts = view.counts();
    let _ = writeln!(
        text,
        "{} {}: {}: {}",
        label(role, word, Some(view.elapsed()), palette),
        palette.paint(Role::Name, view.job()),
        steps(view),
        states(counts, palette),
    );
    text.push_str(&resumed(view, palette));
    text.push_str(&unopened(view, palette));
    for step in view.failures() {
        text.push_str(&failure(step, palette));
    }
    let told: u64 = view.failures().iter().map(|step| 1 + step.alike).sum();
    if let Some(more) = counts.failed.checked_sub(told).filter(|more| *more > 0) {
        let _ = writeln!(text, "{:>LABEL$} and {} failed", "…", count(more, "more step", "more steps"));
    }
    text.push_str(&checks(view, palette));
    text.push_str(&canceled(view, palette));
    for path in view.detached() {
        let label = palette.paint(Role::Warn, &format!("{:>LABEL$}", "Detached"));
        let _ = writeln!(
            text,
            "{label} {path} did not end in time; its code may run on for as long as the process of the run does"
        );
    }
    text.push_str(&hooks(view, palette));
    text.push_str(&unclosed(view, palette));
    text.push_str(&slowest(view, palette));
    text
}

/// How many steps the counts are of; of a run that was canceled also how many there would have been, as far as is known.
fn steps(view: &RunView) -> String {
    let (seen, known) = (view.counts().seen(), view.total().known);
    match view.status() {
        RunStatus::Canceling | RunStatus::Canceled if known > seen => {
            format!("{seen} of {}", count(known, "step", "steps"))
        }
        _ => count(seen, "step", "steps"),
    }
}

/// One failed step: a line with the length of its last attempt, its name and the copies that failed alike, below it the
/// error with its causes, place and hint. Ends with a line break.
#[must_use]
pub fn failure(step: &FailedStep, palette: Palette) -> String {
    let attempts = if step.attempt > 1 { format!(" after {} attempts", step.attempt) } else { String::new() };
    let name = palette.paint(Role::Name, &step.path.to_string());
    let label = label(Role::Bad, "Failed", step.took, palette);
    format!("{label} {name}{attempts}{}\n{}", alike(step), lines(&step.error, palette))
}

/// An error with its causes, place and hint, below the line that says what failed.
fn lines(error: &ErrorInfo, palette: Palette) -> String {
    let mut text = String::new();
    for line in error.to_string().lines() {
        let line = line.replace('\t', "    ").replace(|c: char| c.is_control(), "\u{fffd}");
        let painted = match line.trim_start().split_once(": ") {
            Some(("hint", rest)) => format!("  {} {rest}", palette.paint(Role::Busy, "hint:")),
            _ => line,
        };
        let _ = writeln!(text, "{:LABEL$} {painted}", "");
    }
    text
}

/// How often the run was taken up again, and what of it had to be done again.
fn resumed(view: &RunView, palette: Palette) -> String {
    let often = match view.resumed() {
        0 => return String::new(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let Counts { interrupted, lost, .. } = *view.counts();
    let mut text = format!("{} {often}", label(Role::Busy, "Resumed", None, palette));
    if interrupted > 0 {
        let _ = write!(text, ", {} interrupted", count(interrupted, "attempt", "attempts"));
    }
    if lost > 0 {
        let _ = write!(text, ", values of {} lost", count(lost, "step", "steps"));
    }
    let other_code: Vec<_> = view.other_code().map(|op| palette.paint(Role::Name, &one_line(op))).collect();
    if !other_code.is_empty() {
        let _ = write!(text, ", with other code of {}", other_code.join(", "));
    }
    text.push('\n');
    text
}

/// The resource without which no step began; not one that was given up with the run.
fn unopened(view: &RunView, palette: Palette) -> String {
    let mut text = String::new();
    for resource in view.resources() {
        if let ResourceState::NotOpened(error) = &resource.state
            && error.kind != ErrorKind::Canceled
        {
            let (label, name) = (label(Role::Bad, "Failed", None, palette), one_line(&resource.key));
            let name = palette.paint(Role::Name, &name);
            let _ = write!(text, "{label} resource {name}\n{}", lines(error, palette));
        }
    }
    text
}

/// Checks that have not passed, and have stopped nothing: of others their failed steps tell. And those that had nothing to look at.
fn checks(view: &RunView, palette: Palette) -> String {
    let told = view.unpassed().iter().filter(|check| !(check.blocking && check.result.is_error()));
    let mut text: String = told.map(|check| unpassed(&check.step, &check.result, palette) + "\n").collect();
    for (step, why) in view.not_checked() {
        let label = palette.paint(Role::Skip, &format!("{:>LABEL$}", "Not checked"));
        let _ = writeln!(text, "{label} {}: {}", palette.paint(Role::Name, &step.to_string()), one_line(why));
    }
    text
}

/// A check that has not passed, without a line break.
pub(super) fn unpassed(step: &StepPath, result: &CheckResult, palette: Palette) -> String {
    let word = if result.severity == Severity::Warn { "Check warned" } else { "Check failed" };
    let label = palette.paint(judged(result), &format!("{word:>LABEL$}"));
    let why = result.description.as_ref().map_or_else(String::new, |why| format!(": {}", one_line(why)));
    format!("{label} {}{why}", palette.paint(Role::Name, &step.to_string()))
}

/// Hooks that failed. What they were called for is as good as it was, so they are warnings.
fn hooks(view: &RunView, palette: Palette) -> String {
    let mut text = String::new();
    let mut told = 0;
    for failed in view.hook_errors().iter().take(HOOKS) {
        told += 1 + failed.alike;
        let label = palette.paint(Role::Warn, &format!("{:>LABEL$}", "Hook failed"));
        let hook = palette.paint(Role::Name, &one_line(&failed.hook));
        let step = failed.step.as_ref().map_or_else(String::new, |step| format!(" of {step}"));
        let alike = match failed.alike {
            0 => String::new(),
            n => format!(", and {}", count(n, "more time", "more times")),
        };
        let _ = write!(text, "{label} {hook}{step}{alike}\n{}", lines(&failed.error, palette));
    }
    if let Some(more) = view.hooks_errored().checked_sub(told).filter(|more| *more > 0) {
        let _ = writeln!(text, "{:>LABEL$} and {} failed", "…", count(more, "more hook", "more hooks"));
    }
    text
}

/// Resources that could not be closed.
fn unclosed(view: &RunView, palette: Palette) -> String {
    let mut text = String::new();
    for resource in view.resources() {
        if let ResourceState::NotClosed(error) = &resource.state {
            let label = palette.paint(Role::Warn, &format!("{:>LABEL$}", "Not closed"));
            let name = palette.paint(Role::Name, &one_line(&resource.key));
            let _ = write!(text, "{label} resource {name}\n{}", lines(error, palette));
        }
    }
    text
}

/// `, and 6 more items: [100], [200], [300], …`
fn alike(step: &FailedStep) -> String {
    if step.alike == 0 {
        return String::new();
    }
    let keys = step.first_alike.iter().filter_map(StepPath::branch).map(ToString::to_string);
    let mut keys: Vec<_> = keys.collect();
    if step.alike > keys.len() as u64 {
        keys.push("…".to_owned());
    }
    format!(", and {}: {}", count(step.alike, "more item", "more items"), keys.join(", "))
}

/// What a canceled run cut off; not what did not end in time, which is told besides.
fn canceled(view: &RunView, palette: Palette) -> String {
    let mut text = String::new();
    let mut told = 0;
    for step in view.canceled().iter().filter(|step| !view.detached().contains(&step.path)).take(SLOWEST) {
        told += 1;
        let name = palette.paint(Role::Name, &step.path.to_string());
        let _ = write!(text, "{} {name}", label(Role::Bad, "Canceled", step.took, palette));
        if let Some(error) = &step.error {
            let attempts = count(u64::from(step.attempt), "attempt", "attempts");
            let _ = write!(text, " after {attempts}: {}", one_line(&error.message));
        }
        text.push('\n');
    }
    // A step that has something stored beyond its end may have failed, or be one that did not start again.
    let is_canceled = |path: &&StepPath| view.canceled().iter().any(|step| step.path == **path);
    let detached = view.detached().iter().filter(is_canceled).count() as u64;
    let others = view.counts().canceled.saturating_sub(told + detached);
    if others > 0 {
        let _ = writeln!(text, "{:>LABEL$} and {} canceled", "…", count(others, "more step", "more steps"));
    }
    text
}

/// The columns before what a line tells of: a word and a time, `      Failed [   250ms]`.
pub(super) fn label(role: Role, word: &str, time: Option<Duration>, palette: Palette) -> String {
    let time = time.map_or_else(String::new, duration);
    format!("{} [{time:>8}]", palette.paint(role, &format!("{word:>LABEL$}")))
}

/// `10 succeeded (1 after a retry), 1 failed, 2 skipped`, leaving out what there is none of.
pub(super) fn states(counts: &Counts, palette: Palette) -> String {
    let mut parts = state_parts(counts);
    if counts.retried > 0
        && let Some((_, succeeded)) = parts.iter_mut().find(|(role, _)| *role == Role::Good)
    {
        let _ = write!(succeeded, " ({} after a retry)", counts.retried);
    }
    let parts: Vec<_> = parts.iter().map(|(role, text)| palette.paint(*role, text)).collect();
    if parts.is_empty() { "nothing has run".to_owned() } else { parts.join(", ") }
}

/// The states in which there are steps, with their number, in the order in which they are told.
pub(super) fn state_parts(counts: &Counts) -> Vec<(Role, String)> {
    let states = [
        (counts.busy(), Role::Busy, "running"),
        (counts.open, Role::Busy, "open"),
        (counts.waiting_retry, Role::Warn, "to retry"),
        (counts.succeeded, Role::Good, "succeeded"),
        (counts.failed, Role::Bad, "failed"),
        (counts.canceled, Role::Bad, "canceled"),
        (counts.skipped, Role::Skip, "skipped"),
        (counts.memoized, Role::Good, "memoized"),
    ];
    let some = states.into_iter().filter(|(n, ..)| *n > 0);
    some.map(|(n, role, word)| (role, format!("{n} {word}"))).collect()
}

fn slowest(view: &RunView, palette: Palette) -> String {
    // How long a stream was open tells how long its items took, and not how slow its step is.
    let open = |step: &StepView| step.attempts.iter().any(|attempt| attempt.opened.is_some());
    let steps = view.steps().iter().filter(|step| !open(step));
    // Only what ran: a wait for a retry is not slow, and for how long no process was there says nothing of the step.
    let ran =
        |step: &StepView| step.attempts.iter().map(|attempt| took(attempt, view)).sum::<Option<Duration>>();
    let steps = steps.filter(|step| !step.attempts.is_empty());
    let mut steps: Vec<_> = steps.filter_map(|step| Some((ran(step)?, step))).collect();
    if view.detail() == Detail::Counts || steps.len() <= SLOWEST {
        return String::new();
    }
    steps.sort_by_key(|(took, step)| (Reverse(*took), step.first));
    let mut text = String::new();
    for (at, (took, step)) in steps.iter().take(SLOWEST).enumerate() {
        let label = format!("{:>LABEL$}", if at == 0 { "Slowest" } else { "" });
        let so_far = if step.state == StepState::Running { " so far" } else { "" };
        let _ = writeln!(
            text,
            "{} [{:>8}] {}{so_far}",
            palette.paint(Role::Faint, &label),
            duration(*took),
            step.path
        );
    }
    text
}
