use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{LiveStep, OpView, ResourceState, RunStatus, RunView, between};

use super::columns::{clip, shorten, width};
use super::palette::{Palette, Role};
use super::summary::{LABEL, label, state_parts};
use super::words::clock;

#[cfg(test)]
mod tests;

/// How a picture of a run under way is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The present time.
    pub now: Timestamp,
    /// How many columns the terminal has.
    pub width: usize,
    /// After how long a running step is marked as slow.
    pub slow_after: Duration,
    /// How many lines there may be for running steps; the copies of a mapped step share one.
    pub lines: usize,
    /// Whether colours may be used.
    pub palette: Palette,
}

/// How many columns the bar has at least and at most, and how many are kept for the counts before it becomes longer.
const SHORTEST: usize = 10;
const LONGEST: usize = 24;
const COUNTS: usize = 44;

/// In how much room there is a bar besides the counts.
const BAR_FROM: usize = 32;

/// How many columns of a name are shown before anything else of its line.
const NAME: usize = 16;

/// How a run stands: a line with a bar and counts, then the resource that is being opened or the running steps, the oldest
/// first.
///
/// The copies of a mapped step are one line, `load [37/120]`; the total has a `+` as long as the stream they come from
/// is open. Lines are joined by `\n`, without one at the end.
#[must_use]
pub fn frame(view: &RunView, frame: &Frame) -> String {
    let mut text = head(view, frame);
    text.push_str(&opening(view, frame));
    let mut lines: Vec<Line<'_>> = lines(view);
    lines.sort_by(|a, b| (a.oldest.since, &*a.op.name).cmp(&(b.oldest.since, &*b.op.name)));
    for line in lines.iter().take(frame.lines) {
        text.push('\n');
        text.push_str(&step_line(view, line, frame));
    }
    if let Some(more) = lines.len().checked_sub(frame.lines).filter(|more| *more > 0) {
        let _ = write!(text, "\n{:LABEL$} … and {more} more", "");
    }
    text
}

/// While a resource is being opened nothing else happens.
fn opening(view: &RunView, frame: &Frame) -> String {
    let opening = view.resources().iter().find_map(|resource| match resource.state {
        ResourceState::Opening { since, .. } => Some((&resource.key, since)),
        _ => None,
    });
    let Some((key, since)) = opening else { return String::new() };
    let label = label(Role::Busy, "Opening", Some(between(since, frame.now)), frame.palette);
    let name = shorten(key, frame.width.saturating_sub(LABEL + 12));
    format!("\n{label} {}", frame.palette.paint(Role::Name, &name))
}

fn head(view: &RunView, frame: &Frame) -> String {
    let (label, role) = match view.status() {
        RunStatus::Canceling | RunStatus::Canceled => ("Canceling", Role::Warn),
        _ => ("Running", Role::Good),
    };
    let elapsed = between(view.start().unwrap_or(frame.now), frame.now);
    let label = frame.palette.paint(role, &format!("{label:>LABEL$}"));
    let mut text = format!("{label} [{}]", clock(elapsed));
    let mut room = frame.width.saturating_sub(LABEL + 3 + clock(elapsed).len());
    let (finished, total) = (view.counts().finished(), view.total());
    // The bar depends on the terminal alone: one that changed with the counts beside it could not be read.
    if room >= BAR_FROM {
        let columns = room.saturating_sub(COUNTS).clamp(SHORTEST, LONGEST);
        let bar = frame.palette.paint(Role::Busy, &bar(finished, total.known, columns));
        let _ = write!(text, " {bar}");
        room -= columns + 1;
    }
    let counts = format!(" {finished}/{total}");
    text.push_str(&counts);
    let parts = fitting(state_parts(view.counts()), room.saturating_sub(width(&counts)));
    for (at, (role, part)) in parts.iter().enumerate() {
        let _ = write!(text, "{} {}", if at == 0 { ":" } else { "," }, frame.palette.paint(*role, part));
    }
    text
}

/// The states for which there is room, since a line that wraps would leave its rest behind. What goes wrong stays the
/// longest; how many succeeded is hardly more than what stands beside the bar.
fn fitting(mut parts: Vec<(Role, String)>, room: usize) -> Vec<(Role, String)> {
    for least in ["open", "succeeded", "memoized", "skipped", "running", "to retry", "canceled", "failed"] {
        if parts.iter().map(|(_, part)| width(part) + 2).sum::<usize>() <= room {
            break;
        }
        parts.retain(|(_, part)| !part.ends_with(least));
    }
    parts
}

/// A bar of so many columns.
fn bar(finished: u64, known: u64, columns: usize) -> String {
    let known = known.max(1);
    // In half columns, so that the bar moves twice as often.
    let filled = (u128::from(finished.min(known)) * 2 * columns as u128 / u128::from(known)) as usize;
    let half = if filled % 2 == 1 { "╸" } else { "" };
    let rest = columns - filled.div_ceil(2);
    format!("{}{half}{}", "━".repeat(filled / 2), "─".repeat(rest))
}

/// The live steps of one op.
struct Line<'a> {
    op: &'a OpView,
    oldest: &'a LiveStep,
}

fn lines(view: &RunView) -> Vec<Line<'_>> {
    let mut lines: HashMap<&str, Line<'_>> = HashMap::new();
    for step in view.live() {
        let Some(op) = view.op(step.path.name()) else { continue };
        let line = lines.entry(&op.name).or_insert(Line { op, oldest: step });
        // A running copy speaks for the op before one that waits; of several the oldest.
        let rank = |step: &LiveStep| (step.retry_after.is_some(), step.open, step.since);
        let older = rank(step) < rank(line.oldest);
        let tie = rank(step) == rank(line.oldest) && step.path.to_string() < line.oldest.path.to_string();
        if older || tie {
            line.oldest = step;
        }
    }
    lines.into_values().collect()
}

fn step_line(view: &RunView, line: &Line<'_>, frame: &Frame) -> String {
    let Line { op, oldest } = line;
    let age = between(oldest.since, frame.now);
    // An open stream is as slow as those who take its items.
    let slow = oldest.retry_after.is_none() && !oldest.open && age >= frame.slow_after;
    let (word, role, time) = match oldest.retry_after {
        Some(delay) => ("Retry in", Role::Warn, delay.saturating_sub(age)),
        None if slow => ("Slow", Role::Warn, age),
        None => ("", Role::Faint, age),
    };
    let mut more = String::new();
    if op.mapped {
        let _ = write!(more, " [{}/{}]", op.counts.finished(), view.total_of(op));
        let mut parts = Vec::new();
        if op.counts.busy() > 0 {
            parts.push(format!("{} running", op.counts.busy()));
        }
        if op.counts.open > 0 {
            parts.push(format!("{} open", op.counts.open));
        }
        if op.counts.waiting_retry > 0 {
            parts.push(format!("{} to retry", op.counts.waiting_retry));
        }
        if op.counts.failed > 0 {
            parts.push(format!("{} failed", op.counts.failed));
        }
        let _ = write!(more, " {}", parts.join(", "));
    } else if oldest.attempt > 1 || oldest.retry_after.is_some() {
        let _ = write!(more, " #{}", oldest.attempt);
    }
    if oldest.open && !op.mapped {
        more.push_str(" open");
    }
    match op.counts.items {
        0 => {}
        1 => more.push_str(", 1 item"),
        items => {
            let _ = write!(more, ", {items} items");
        }
    }
    let room = frame.width.saturating_sub(LABEL + 12);
    let more = clip(&more, room.saturating_sub(width(&op.name).min(NAME)));
    let name = shorten(&op.name, room - width(&more));
    let which = if slow && op.mapped { format!(", oldest {}", oldest.path) } else { String::new() };
    let fits = width(&name) + width(&more) + width(&which) <= room;
    let which = if fits { &which } else { "" };
    let label = label(role, word, Some(time), frame.palette);
    format!("{label} {}{more}{which}", frame.palette.paint(Role::Name, &name))
}
