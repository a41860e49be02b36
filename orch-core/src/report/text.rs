use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::{CheckResult, Severity};
use crate::event::{Event, EventKind, FailedStep, LogLevel, RunView, SkipCause, between};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::{RunId, quoted};

use super::palette::{Palette, Role};
use super::summary::{LABEL, failure, label, unpassed};
use super::words::{NOTHING_THERE, count, duration};

#[cfg(test)]
mod tests;

/// What happened, one line for each event, without times, ids, durations and source places: the same from run to run
/// and from machine to machine, made to be compared in tests.
///
/// Steps that run at once tell their events in any order, so a job whose story is compared runs with one slot, or its
/// lines are sorted. A delay drawn at random is told as it was drawn, to the millisecond.
///
/// ```text
/// RUN_START pokemon
/// STEP_START load[100]
/// STEP_UP_FOR_RETRY load[100] #1 disk full, again after 1s
/// STEP_RESTARTED load[100] #2
/// STEP_SUCCESS load[100] #2
/// STEP_SKIPPED report: select[3] failed
/// RUN_FAILURE 1 step failed, the first is select[3]
/// ```
#[must_use]
pub fn story<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let lines: Vec<_> = events.into_iter().map(|event| told(event, Palette::Plain)).collect();
    lines.join("\n")
}

/// One event as a line for people who follow a run: when, the words of [`story`], and how long what ends took.
///
/// `before` is the run's picture before the event. The line has no line break, and control characters of messages and
/// keys are escaped, so that no text of a user can move the cursor.
#[must_use]
pub fn line(event: &Event, before: &RunView, palette: Palette) -> String {
    let mut line = format!("{}  {}", when(before, event.time, palette), told(event, palette));
    let live =
        event.step.as_ref().and_then(|path| before.live_step(path)).filter(|live| live.retry_after.is_none());
    let took = match (&event.kind, live) {
        (
            EventKind::StepSuccess | EventKind::StepFailure { .. } | EventKind::StepUpForRetry { .. },
            Some(live),
        ) => Some(between(live.since, event.time)),
        (
            EventKind::ResourceInitSuccess { took, .. }
            | EventKind::ResourceClosed { took, .. }
            | EventKind::HookCompleted { took, .. },
            _,
        ) => Some(*took),
        (kind, _) if kind.ends_run() => Some(since_start(before, event.time)),
        _ => None,
    };
    if let Some(took) = took {
        let _ = write!(line, " {}", palette.paint(Role::Faint, &format!("(took {})", duration(took))));
    }
    if let EventKind::HandledOutput { metadata, .. } = &event.kind {
        for (key, value) in metadata {
            let _ = write!(line, " {}={}", one_line(key), one_line(&value.to_string()));
        }
    }
    let said = match &event.kind {
        EventKind::AssetMaterialization { metadata, .. } => Some(metadata),
        EventKind::AssetCheckEvaluation { result, .. } => Some(&result.metadata),
        EventKind::AssetObservation { metadata, .. } => Some(metadata),
        _ => None,
    };
    for (key, value) in said.into_iter().flatten() {
        let _ = write!(line, " {}={}", one_line(key), one_line(&value.to_string()));
    }
    line
}

/// The seconds since the run's start, as lines begin with them.
pub(super) fn when(view: &RunView, time: Timestamp, palette: Palette) -> String {
    let elapsed = since_start(view, time);
    let when = format!("{:>4}.{:03}", elapsed.as_secs(), elapsed.subsec_millis());
    palette.paint(Role::Faint, &when)
}

fn since_start(view: &RunView, time: Timestamp) -> Duration {
    between(view.start().unwrap_or(time), time)
}

/// What is worth a line above the drawing of a run that goes on: a retry, a failure with its error, a check that has not
/// passed, what a step logs, a hook that failed.
/// None for all else, which the drawing shows.
///
/// `before` is the run's picture before the event. Aligned with [`frame`](super::frame()) and
/// [`summary`](super::summary()), without a line break at the end.
#[must_use]
pub fn notice(event: &Event, before: &RunView, palette: Palette) -> Option<String> {
    if let EventKind::HookErrored { hook, error } = &event.kind {
        let time = before.start().map(|start| between(start, event.time));
        let label = label(Role::Warn, "Hook failed", time, palette);
        let of = event.step.as_ref().map_or_else(String::new, |step| format!(" of {step}"));
        return Some(format!("{label} {}{of}: {}", palette.paint(Role::Name, &one_line(hook)), chain(error)));
    }
    if let EventKind::Log { level, message, fields, .. } = &event.kind {
        let time = before.start().map(|start| between(start, event.time));
        let label = label(role(&event.kind), level_word(*level), time, palette);
        // Without a step it is the run's own.
        let of = event
            .step
            .as_ref()
            .map_or_else(String::new, |step| format!("{}: ", palette.paint(Role::Name, &step.to_string())));
        return Some(format!("{label} {of}{}", logged(message, fields)));
    }
    let path = event.step.as_ref()?;
    if let EventKind::AssetCheckEvaluation { blocking, result, .. } = &event.kind {
        // Of one that has stopped something the failure of its step tells.
        let is_told = result.passed || *blocking && result.is_error();
        return (!is_told).then(|| unpassed(path, result, palette));
    }
    let live = before.live_step(path).filter(|live| live.retry_after.is_none());
    let took = live.map(|live| between(live.since, event.time));
    let (word, time) = match &event.kind {
        EventKind::StepUpForRetry { .. } => ("Retry", took),
        EventKind::StepFailure { error } if error.kind != ErrorKind::Canceled => {
            let attempt = event.attempt.max(1);
            let step = FailedStep::new(path.clone(), attempt, took, Arc::clone(error));
            return Some(failure(&step, palette).trim_end().to_owned());
        }
        _ => return None,
    };
    let mut text = format!("{} ", label(role(&event.kind), word, time, palette));
    text.push_str(&palette.paint(Role::Name, &path.to_string()));
    let _ = write!(text, " #{}", event.attempt.max(1));
    tell(&mut text, &event.kind);
    Some(text)
}

/// What can be done about an attempt that failed and is followed by another, for those who look closely: the summary tells
/// of the last attempt alone. Aligned with [`notice`], without a line break at the end.
#[must_use]
pub fn retry_hint(event: &Event, palette: Palette) -> Option<String> {
    let EventKind::StepUpForRetry { error, .. } = &event.kind else { return None };
    let hint = error.hint.as_ref()?;
    Some(format!("{:LABEL$} {} {}", "", palette.paint(Role::Busy, "hint:"), one_line(hint)))
}

/// The kind's name, the step, and what there is to say, without times.
fn told(event: &Event, palette: Palette) -> String {
    let mut text = palette.paint(role(&event.kind), event.kind.name());
    if let Some(step) = &event.step {
        let _ = write!(text, " {}", palette.paint(Role::Name, &step.to_string()));
    }
    let attempt = match event.kind {
        EventKind::StepUpForRetry { .. }
        | EventKind::StepRestarted { .. }
        | EventKind::StepInterrupted
        | EventKind::StepLost { .. } => event.attempt.max(1),
        EventKind::StepSuccess | EventKind::StepFailure { .. } => event.attempt,
        _ => 0,
    };
    let shown =
        attempt > 1 || matches!(event.kind, EventKind::StepUpForRetry { .. } | EventKind::StepInterrupted);
    if shown {
        let _ = write!(text, " #{attempt}");
    }
    tell(&mut text, &event.kind);
    text
}

fn tell(text: &mut String, kind: &EventKind) {
    let _ = match kind {
        EventKind::RunStart { job, tags, .. } => {
            let tags: String = tags.iter().map(|(key, value)| format!(" {key}={value}")).collect();
            write!(text, " {job}{}", one_line(&tags))
        }
        EventKind::RunResumed { other_code } if !other_code.is_empty() => {
            write!(text, ", with other code of {}", quoted(other_code))
        }
        EventKind::StepInput { input, gathered: Some(n) } => {
            write!(text, " {input} of {}", count(*n as u64, "value", "values"))
        }
        EventKind::StepInput { input, gathered: None } => write!(text, " {input}"),
        EventKind::Log { level, message, fields, .. } => {
            write!(text, " {}: {}", level_name(*level), logged(message, fields))
        }
        EventKind::StepOutput { output, key: Some(key) } => {
            write!(text, " {output}[{}]", one_line(&key.to_string()))
        }
        EventKind::StepOutput { output, key: None } => write!(text, " {output}"),
        EventKind::HandledOutput { output, io, .. } => write!(text, " {output} by {io}"),
        EventKind::AssetMaterialization { asset, partition, .. } => {
            let partition = partition.as_ref().map_or_else(String::new, |key| format!(" {}", one_line(key)));
            write!(text, " {asset}{partition}")
        }
        EventKind::AssetFailedToMaterialize { asset, partition, observed } => {
            let partition = partition.as_ref().map_or_else(String::new, |key| format!(" {}", one_line(key)));
            write!(text, " {asset}{partition}{}", if *observed { ", to be observed" } else { "" })
        }
        EventKind::AssetCheckEvaluation { asset, partition, result, .. } => {
            let partition = partition.as_ref().map_or_else(String::new, |key| format!(" {}", one_line(key)));
            write!(text, " {asset}{partition}{}", found(result))
        }
        EventKind::AssetObservation { asset, partition, data_version, .. } => {
            let partition = partition.as_ref().map_or_else(String::new, |key| format!(" {}", one_line(key)));
            let found = data_version.as_deref().map_or_else(|| NOTHING_THERE.to_owned(), one_line);
            write!(text, " {asset}{partition} {found}")
        }
        EventKind::StreamClosed { output, count: items, orphaned, .. } => {
            let orphaned = if *orphaned > 0 { format!(", {orphaned} orphaned") } else { String::new() };
            write!(text, " {output}, {}{orphaned}", count(*items, "item", "items"))
        }
        EventKind::StepUpForRetry { error, delay } if delay.is_zero() => {
            write!(text, " {}, again at once", chain(error))
        }
        EventKind::StepUpForRetry { error, delay } => {
            write!(text, " {}, again after {:?}", chain(error), brief(*delay))
        }
        EventKind::StepLost { cause } => write!(text, ": {}", one_line(&cause.to_string())),
        EventKind::StepFailure { error } => write!(text, " {}", chain(error)),
        EventKind::StepSkipped { cause } => write!(text, "{}", skipped(cause)),
        EventKind::OpRecipe { op, recipe, .. } => {
            let unknown = recipe.first_unknown().map(|unknown| format!(", of {unknown} no version is known"));
            write!(text, " {}{}", one_line(op), unknown.unwrap_or_default())
        }
        EventKind::StepMemoized { of, .. } => write!(text, "{}", memoized(*of)),
        EventKind::ResourceInitStarted { resource }
        | EventKind::ResourceInitSuccess { resource, .. }
        | EventKind::ResourceClosed { resource, .. } => write!(text, " {}", one_line(resource)),
        EventKind::ResourceInitFailure { resource, error }
        | EventKind::ResourceCloseFailure { resource, error } => {
            write!(text, " {}: {}", one_line(resource), chain(error))
        }
        EventKind::HookCompleted { hook, .. } => write!(text, " {}", one_line(hook)),
        EventKind::HookErrored { hook, error } => write!(text, " {}: {}", one_line(hook), chain(error)),
        EventKind::RunFailure { resource: Some(resource), .. } => {
            write!(text, " the resource {} could not be opened", one_line(resource))
        }
        EventKind::RunFailure { failed, first, .. } => {
            let first = first.as_ref().map_or_else(String::new, |first| format!(", the first is {first}"));
            write!(text, " {} failed{first}", count(*failed, "step", "steps"))
        }
        EventKind::RunCanceled { detached } if !detached.is_empty() => {
            let steps: Vec<_> = detached.iter().map(ToString::to_string).collect();
            write!(text, ", did not end in time: {}", steps.join(", "))
        }
        _ => Ok(()),
    };
}

/// What a check has found, behind the name of its asset.
pub(super) fn found(result: &CheckResult) -> String {
    let word = match (result.passed, result.severity) {
        (true, _) => "passed",
        (false, Severity::Warn) => "warned",
        (false, Severity::Error) => "failed",
    };
    let why = result.description.as_ref().map_or_else(String::new, |why| format!(": {}", one_line(why)));
    format!(" {word}{why}")
}

/// Why a step did not run, behind its name.
pub(super) fn skipped(cause: &SkipCause) -> String {
    match cause {
        SkipCause::Absent(step) => format!(": {step} left its output out"),
        SkipCause::Failed(step) => format!(": {step} failed"),
        SkipCause::Lacking(why) => format!(": {}", one_line(why)),
        SkipCause::Canceled => ": the run was canceled".to_owned(),
    }
}

/// Why a step did not run that would make what is there, behind its name.
pub(super) fn memoized(of: RunId) -> String {
    format!(": made of the same as by the run {of}")
}

/// A delay without the digits that jitter drew and nobody wants to read.
fn brief(delay: Duration) -> Duration {
    match u64::try_from(delay.as_millis()) {
        Ok(millis @ 1..) => Duration::from_millis(millis),
        _ => delay,
    }
}

fn role(kind: &EventKind) -> Role {
    match kind {
        EventKind::StepSuccess | EventKind::StepMemoized { .. } | EventKind::RunSuccess => Role::Good,
        EventKind::StepFailure { .. }
        | EventKind::AssetFailedToMaterialize { .. }
        | EventKind::ResourceInitFailure { .. }
        | EventKind::RunFailure { .. }
        | EventKind::RunCanceled { .. } => Role::Bad,
        EventKind::StepUpForRetry { .. }
        | EventKind::StepInterrupted
        | EventKind::StepLost { .. }
        | EventKind::ResourceCloseFailure { .. }
        | EventKind::HookErrored { .. }
        | EventKind::RunCanceling => Role::Warn,
        EventKind::AssetCheckEvaluation { result, .. } => judged(result),
        EventKind::StepSkipped { .. } => Role::Skip,
        EventKind::StepStart { .. }
        | EventKind::StepRestarted { .. }
        | EventKind::RunStart { .. }
        | EventKind::RunResumed { .. } => Role::Busy,
        EventKind::Log { level, .. } => match level {
            LogLevel::Error => Role::Bad,
            LogLevel::Warn => Role::Warn,
            _ => Role::Faint,
        },
        _ => Role::Faint,
    }
}

/// How what a check has found is painted.
pub(super) fn judged(result: &CheckResult) -> Role {
    match (result.passed, result.severity) {
        (true, _) => Role::Good,
        (false, Severity::Warn) => Role::Warn,
        (false, Severity::Error) => Role::Bad,
    }
}

fn logged(message: &str, fields: &BTreeMap<String, String>) -> String {
    let fields: String = fields.iter().map(|(key, value)| format!(" {key}={value}")).collect();
    one_line(&format!("{message}{fields}"))
}

fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "Trace",
        LogLevel::Debug => "Debug",
        LogLevel::Info => "Info",
        LogLevel::Warn => "Warn",
        LogLevel::Error => "Error",
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// An error and its causes on one line.
pub(super) fn chain(error: &ErrorInfo) -> String {
    let mut text = match error.kind {
        ErrorKind::Panic => format!("panicked: {}", one_line(&error.message)),
        _ => one_line(&error.message),
    };
    for cause in &error.causes {
        let _ = write!(text, ": {}", one_line(cause));
    }
    text
}

/// Text of a user's on one line: line breaks become `⏎`, other control characters are escaped.
#[must_use]
pub(super) fn one_line(text: &str) -> String {
    let text = text.trim_end();
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str(" ⏎ "),
            '\t' => line.push(' '),
            c if c.is_control() => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}
