use std::time::Duration;

use crate::event::{Counts, Detail, RunView, StepState, StepView, between};

use super::chart::{Chart, Group, Phase, Rare, Span};
use super::columns::{fit, width};
use super::ops::is_open;
use super::palette::{Palette, Role};
use super::words::duration;

#[cfg(test)]
mod tests;

/// From how many copies on a mapped step is one row.
const FOLD_FROM: usize = 13;

/// How many of the copies may be alive in a column, from few to all that ever were at once.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How many columns a bar has at least, a name, and the time behind the bar.
const FEWEST: usize = 10;
const SHORTEST: usize = 4;
const TIME: usize = 7;

/// When each step of a run was queued, ran and waited, as a chart for a terminal `columns` wide.
///
/// One row for each step in the order of the plan, the copies of a mapped step together; from 13 copies on they share a
/// row whose height tells how many ran. A step with a dynamic output is open from its first item to its last: it
/// runs only while the next item is asked for. Needs a view with [`Detail::Steps`]; ends with a line break.
#[must_use]
pub fn gantt(view: &RunView, columns: usize, palette: Palette) -> String {
    if view.detail() == Detail::Counts {
        return "no chart: the steps of this run were not kept\n".to_owned();
    }
    let chart = Chart::new(view);
    if chart.groups.is_empty() {
        return "no chart: no step has run\n".to_owned();
    }
    let rows: Vec<Row> = chart.groups.iter().flat_map(|group| rows(&chart, group)).collect();
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| width(of(row))).max().unwrap_or(0);
    let mut names = widest(|row| &row.name).min((columns / 3).max(8));
    let mut ends = widest(|row| &row.end);
    if columns < names + ends + 2 + FEWEST {
        // In a narrow terminal the bars come first: how a step ended shows in them too.
        ends = ends.min(TIME);
        names = names.min(columns.saturating_sub(ends + 2 + FEWEST)).max(SHORTEST);
    }
    let cells = columns.saturating_sub(names + ends + 2).max(FEWEST);
    let mut text = format!("{:names$} {}\n", "", palette.paint(Role::Faint, &axis(&chart, cells)));
    for row in &rows {
        let bar = match &row.bar {
            Bar::Step(spans) => step_bar(&chart, spans, cells, row.failed),
            Bar::Copies(spans) => copies_bar(&chart, spans, cells),
        };
        let end: String =
            if width(&row.end) <= ends { row.end.clone() } else { row.end.chars().take(ends).collect() };
        let line = format!("{} {} {end}", fit(&row.name, names), painted(&bar, palette));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&legend(columns, chart.rare(), palette));
    text
}

struct Row {
    name: String,
    bar: Bar,
    /// What stands behind the bar: how long it took and how it ended.
    end: String,
    failed: bool,
}

enum Bar {
    Step(Vec<Span>),
    Copies(Vec<Span>),
}

fn rows(chart: &Chart<'_>, group: &Group<'_>) -> Vec<Row> {
    if group.mapped && group.steps.len() >= FOLD_FROM {
        return vec![folded(chart, group)];
    }
    let row = |step: &&StepView| Row {
        name: step.path.to_string(),
        bar: Bar::Step(chart.spans(step)),
        end: ending(chart, step),
        failed: step.state == StepState::Failed,
    };
    group.steps.iter().map(row).collect()
}

fn ending(chart: &Chart<'_>, step: &StepView) -> String {
    let took = chart.took(step).map_or_else(String::new, duration);
    let how = match &step.state {
        StepState::Succeeded if step.attempts.len() > 1 => format!(" #{}", step.attempts.len()),
        StepState::Succeeded => String::new(),
        StepState::Failed => " failed".to_owned(),
        StepState::Canceled => " canceled".to_owned(),
        StepState::Skipped(_) => return "skipped".to_owned(),
        StepState::Memoized(_) => return "memoized".to_owned(),
        StepState::Running if is_open(step) => " open".to_owned(),
        StepState::Running => " running".to_owned(),
        StepState::WaitingRetry => " waits for retry".to_owned(),
    };
    format!("{took:>7}{how}")
}

fn folded(chart: &Chart<'_>, group: &Group<'_>) -> Row {
    let mut counts = Counts::default();
    for step in &group.steps {
        match step.state {
            StepState::Failed => counts.failed += 1,
            StepState::Canceled => counts.canceled += 1,
            StepState::Skipped(_) => counts.skipped += 1,
            StepState::Memoized(_) => counts.memoized += 1,
            _ => {}
        }
    }
    let attempts = || group.steps.iter().flat_map(|step| &step.attempts);
    let first = attempts().map(|attempt| attempt.start).min();
    let last = attempts().filter_map(|attempt| attempt.end).max();
    let took = first.zip(last).map_or_else(String::new, |(first, last)| duration(between(first, last)));
    let mut end = format!("{took:>7}");
    let ends = [
        (counts.failed, "failed"),
        (counts.canceled, "canceled"),
        (counts.skipped, "skipped"),
        (counts.memoized, "memoized"),
    ];
    for (n, word) in ends {
        if n > 0 {
            end.push_str(&format!(" {n} {word}"));
        }
    }
    Row {
        name: format!("{} ×{}", group.op, group.steps.len()),
        bar: Bar::Copies(group.steps.iter().flat_map(|step| chart.spans(step)).collect()),
        end,
        failed: counts.failed > 0,
    }
}

/// A column of a bar.
type Cell = (char, Option<Phase>);

fn column(chart: &Chart<'_>, moment: Duration, cells: usize) -> f64 {
    chart.share(moment) * cells as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column is between 0 and `cells`"
)]
fn step_bar(chart: &Chart<'_>, spans: &[Span], cells: usize, failed: bool) -> Vec<Cell> {
    let mut bar = vec![(' ', None); cells];
    // Waiting first: a step that ran shows, however short, and if need be in place of what it waited.
    let (waits, runs): (Vec<&Span>, Vec<&Span>) =
        spans.iter().partition(|span| matches!(span.phase, Phase::Queued | Phase::Retry | Phase::Open));
    for span in waits.into_iter().chain(runs) {
        let (from, to) = (column(chart, span.from, cells), column(chart, span.to, cells));
        let (sign, shortest) = match span.phase {
            Phase::Queued => ('░', 0),
            Phase::Running => ('█', 1),
            Phase::Open => ('━', 0),
            Phase::Failed => ('▒', 1),
            Phase::Interrupted => ('▚', 1),
            Phase::Retry => ('╌', 0),
            Phase::Skipped => ('·', 1),
            Phase::Memoized => ('≡', 1),
        };
        let from = (from as usize).min(cells - 1);
        let to = (to.round() as usize).max(from + shortest).min(cells);
        bar[from..to.max(from)].fill((sign, Some(span.phase)));
    }
    if failed && let Some(last) = bar.iter_mut().rev().find(|(_, phase)| phase.is_some()) {
        *last = ('✗', Some(Phase::Failed));
    }
    bar
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column is between 0 and `cells`"
)]
fn copies_bar(chart: &Chart<'_>, spans: &[Span], cells: usize) -> Vec<Cell> {
    // How many copies were in a phase in each column, on average over the time of the column.
    let mut running = vec![0.0_f64; cells];
    let mut failing = vec![0.0_f64; cells];
    let mut waiting = vec![0.0_f64; cells];
    let mut open = vec![0.0_f64; cells];
    for span in spans {
        match span.phase {
            Phase::Running | Phase::Interrupted => chart.fill(span, &mut running),
            Phase::Failed => {
                chart.fill(span, &mut running);
                chart.fill(span, &mut failing);
            }
            Phase::Open => chart.fill(span, &mut open),
            Phase::Queued | Phase::Retry => chart.fill(span, &mut waiting),
            Phase::Skipped | Phase::Memoized => {}
        }
    }
    let most = running.iter().copied().fold(0.0, f64::max);
    (0..cells)
        .map(|at| match running[at] {
            busy if busy > 0.0 => {
                let level = (busy / most * LEVELS.len() as f64).ceil() as usize;
                let phase = if failing[at] > 0.0 { Phase::Failed } else { Phase::Running };
                (LEVELS[level.clamp(1, LEVELS.len()) - 1], Some(phase))
            }
            _ if open[at] > 0.0 => ('━', Some(Phase::Open)),
            _ if waiting[at] > 0.0 => ('░', Some(Phase::Queued)),
            _ => (' ', None),
        })
        .collect()
}

fn painted(bar: &[Cell], palette: Palette) -> String {
    let same = bar.chunk_by(|a, b| a.1 == b.1);
    same.map(|cells| {
        let text: String = cells.iter().map(|(sign, _)| sign).collect();
        match cells[0].1 {
            None => text,
            Some(Phase::Queued) => palette.paint(Role::Faint, &text),
            Some(Phase::Running | Phase::Open) => palette.paint(Role::Busy, &text),
            Some(Phase::Failed) => palette.paint(Role::Bad, &text),
            Some(Phase::Retry | Phase::Interrupted) => palette.paint(Role::Warn, &text),
            Some(Phase::Skipped) => palette.paint(Role::Skip, &text),
            Some(Phase::Memoized) => palette.paint(Role::Good, &text),
        }
    })
    .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column is between 0 and `cells`"
)]
fn axis(chart: &Chart<'_>, cells: usize) -> String {
    let mut axis = String::new();
    for (moment, label) in chart.ticks(cells / 10) {
        let at = column(chart, moment, cells) as usize;
        let mark = format!("╷{label}");
        if at + width(&mark) <= cells {
            axis.push_str(&" ".repeat(at.saturating_sub(width(&axis))));
            axis.push_str(&mark);
        }
    }
    axis
}

/// What the signs mean, on as many lines as the terminal needs.
fn legend(columns: usize, rare: Rare, palette: Palette) -> String {
    let signs = [
        (Role::Faint, "░", "queued"),
        (Role::Busy, "█", "running"),
        (Role::Busy, "━", "open"),
        (Role::Bad, "▒", "failed attempt"),
        (Role::Warn, "▚", "interrupted"),
        (Role::Warn, "╌", "waiting for retry"),
        (Role::Bad, "✗", "failed"),
        (Role::Skip, "·", "skipped"),
        (Role::Good, "≡", "memoized"),
    ];
    let shown = |sign: &str| (sign != "▚" || rare.interrupted) && (sign != "≡" || rare.memoized);
    let mut text = String::new();
    let mut used = 0;
    for (role, sign, word) in signs.into_iter().filter(|(_, sign, _)| shown(sign)) {
        let wide = width(sign) + 1 + width(word);
        let separator = match used {
            0 => "",
            _ if used + 2 + wide <= columns => "  ",
            _ => "\n",
        };
        used = if separator == "  " { used + 2 + wide } else { wide };
        text.push_str(&format!("{separator}{} {word}", palette.paint(role, sign)));
    }
    text.push('\n');
    text
}
