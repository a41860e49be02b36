use std::fmt::Write as _;
use std::time::Duration;

use crate::event::{Detail, RunView, StepState, StepView};

use super::chart::{Chart, Group, Phase, Rare, Span};
use super::columns::shorten;
use super::palette::Palette;
use super::picture::{Style, escape, picture};
use super::summary::states;
use super::words::{count, duration};

#[cfg(test)]
mod tests;

/// The picture's width, the part of it for names, and the margin at its right; in pixels.
const WIDTH: f64 = 1100.0;
const NAMES: f64 = 250.0;
const MARGIN: f64 = 24.0;
/// The part for bars.
const BARS: f64 = WIDTH - NAMES - MARGIN;
/// Where the first row begins, and the height of a row, a lane and the curve of waiting copies.
const TOP: f64 = 92.0;
const ROW: f64 = 20.0;
const LANE: f64 = 7.0;
const CURVE: f64 = 24.0;

/// From how many copies on a mapped step is drawn as lanes.
const FOLD_FROM: usize = 33;
/// How many rows of single steps there are before the rest is drawn as lanes as well.
const MOST_ROWS: usize = 1000;
/// How many lanes a folded step has at most, and how many bars all lanes together: this bounds the file's size.
const MOST_LANES: usize = 64;
const MOST_BARS: f64 = 3000.0;
/// How many columns the curve of waiting copies has.
const CURVE_COLUMNS: usize = 200;

const STYLE: Style = Style {
    light: ".l{stroke:#d8dee4}.b{fill:#d8dee4;opacity:.35}.q{fill:#b4bfca}.r{fill:#2f81c1}.o{fill:#2f81c1;opacity:.5}\
            .f{fill:#cf222e}.i{fill:#b7850b}.w{fill:none;stroke:#b7850b;stroke-width:2;stroke-dasharray:4 3}.wa{fill:#d4a72c}\
            .s{fill:none;stroke:#8c959f;stroke-width:1.5}.m{fill:#2da44e}",
    dark: ".l{stroke:#30363d}.b{fill:#30363d}.q{fill:#57606a}.r{fill:#58a6d8}.o{fill:#58a6d8}.f{fill:#f85149}.i{fill:#d29922}\
           .w{stroke:#d29922}.wa{fill:#d29922}.s{stroke:#8c959f}.m{fill:#3fb950}",
};

/// When each step of a run was queued, ran and waited, as a file of its own: no scripts, nothing fetched, light or dark
/// as its reader likes it, with what a bar stands for under the pointer.
///
/// Steps stand in the order of the plan, the copies of a mapped step together; where there are many they share lanes, and bars too short to see are
/// drawn as one, so that a run of any size gives a file below a megabyte. Needs a view with
/// [`Detail::Steps`](crate::event::Detail::Steps).
#[must_use]
pub fn svg(view: &RunView) -> String {
    let chart = Chart::new(view);
    let parts = parts(&chart);
    let lanes: usize =
        parts.iter().map(|part| if let Part::Lanes { lanes, .. } = part { lanes.len() } else { 0 }).sum();
    // Within a lane no two bars begin in the same column of this width, so that this many columns bound the bars.
    let coarse = (lanes as f64 * BARS / MOST_BARS).max(1.0);
    let mut body = String::new();
    let mut y = TOP;
    for part in &parts {
        y = draw(&mut body, &chart, part, y, coarse);
    }
    let height = y + 16.0;
    let heading = format!("{}: {} after {}", view.job(), view.status().name(), duration(view.elapsed()));
    let mut counts = states(view.counts(), Palette::Plain);
    if view.detail() == Detail::Counts {
        counts.push_str("; the steps of this run were not kept, so there is nothing to draw");
    }
    let mut file = String::new();
    let _ = writeln!(file, "<text class=\"h\" x=\"12\" y=\"24\">{}</text>", escape(&heading));
    let _ = writeln!(file, "<text class=\"d\" x=\"12\" y=\"44\">{}</text>", escape(&counts));
    legend(&mut file, chart.rare());
    axis(&mut file, &chart, y);
    file.push_str(&body);
    picture(&heading, (WIDTH, height), &STYLE, &file)
}

/// A piece of the chart, from the top downwards.
enum Part<'a> {
    /// The name of an op above the rows of its copies.
    Head(&'a Group<'a>),
    Row {
        step: &'a StepView,
        copy: bool,
    },
    /// Many copies of one op, or all the ops for which there are no rows left.
    Lanes {
        name: String,
        steps: Vec<&'a StepView>,
        lanes: Vec<Lane<'a>>,
    },
}

/// Attempts that follow each other.
type Lane<'a> = Vec<(&'a StepView, Span)>;

fn parts<'a>(chart: &'a Chart<'a>) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut rows = 0;
    let mut rest: Vec<&StepView> = Vec::new();
    for group in &chart.groups {
        if group.mapped && group.steps.len() >= FOLD_FROM {
            let name = format!("{} ×{}", group.op, group.steps.len());
            parts.push(Part::Lanes { name, steps: group.steps.clone(), lanes: lanes(chart, &group.steps) });
        } else if rows + group.steps.len() > MOST_ROWS {
            rest.extend(&group.steps);
        } else {
            rows += group.steps.len();
            if group.mapped {
                parts.push(Part::Head(group));
            }
            parts.extend(group.steps.iter().map(|step| Part::Row { step, copy: group.mapped }));
        }
    }
    if !rest.is_empty() {
        let name = format!("… {}", count(rest.len() as u64, "more step", "more steps"));
        let lanes = lanes(chart, &rest);
        parts.push(Part::Lanes { name, steps: rest, lanes });
    }
    parts
}

/// Attempts side by side: each in the first lane that is free, as if in slots.
fn lanes<'a>(chart: &Chart<'_>, steps: &[&'a StepView]) -> Vec<Lane<'a>> {
    let runs = |phase| matches!(phase, Phase::Running | Phase::Open | Phase::Failed | Phase::Interrupted);
    let mut attempts: Vec<(&StepView, Span)> = steps
        .iter()
        .flat_map(|step| chart.spans(step).into_iter().map(move |span| (*step, span)))
        .filter(|(_, span)| runs(span.phase))
        .collect();
    attempts.sort_by_key(|(_, span)| span.from);
    let mut lanes: Vec<Lane<'_>> = Vec::new();
    for (step, span) in attempts {
        let free = lanes.iter().position(|lane| lane.last().is_none_or(|(_, last)| last.to <= span.from));
        match free {
            Some(at) => lanes[at].push((step, span)),
            None if lanes.len() < MOST_LANES => lanes.push(vec![(step, span)]),
            None => lanes[MOST_LANES - 1].push((step, span)),
        }
    }
    lanes
}

/// Draws a part from `y` downwards, and says where the next one begins.
fn draw(body: &mut String, chart: &Chart<'_>, part: &Part<'_>, y: f64, coarse: f64) -> f64 {
    match part {
        Part::Head(group) => {
            name(body, &format!("{} ×{}", group.op, group.steps.len()), 12.0, y);
            y + ROW
        }
        Part::Row { step, copy } => {
            let branch = step.path.branch().filter(|_| *copy).map(ToString::to_string);
            let indent = if *copy { 28.0 } else { 12.0 };
            name(body, &branch.unwrap_or_else(|| step.path.to_string()), indent, y);
            for span in chart.spans(step) {
                bar(body, chart, step, &span, y + 3.0, ROW - 6.0);
            }
            y + ROW
        }
        Part::Lanes { name: label, steps, lanes } => {
            name(body, &format!("{label}{}", ill(steps)), 12.0, y);
            let top = y + if curves(body, chart, steps, y) { CURVE + 2.0 } else { 4.0 };
            let bottom = top + LANE * lanes.len() as f64;
            let _ = writeln!(
                body,
                "<rect class=\"b\" x=\"{NAMES}\" y=\"{top}\" width=\"{BARS}\" height=\"{}\"/>",
                bottom - top
            );
            for (at, lane) in lanes.iter().enumerate() {
                lane_bars(body, chart, lane, top + LANE * at as f64, coarse);
            }
            bottom.max(y + ROW) + 6.0
        }
    }
}

fn name(body: &mut String, text: &str, x: f64, y: f64) {
    let _ = writeln!(body, "<text x=\"{x}\" y=\"{}\">{}</text>", y + 14.0, escape(&shorten(text, 34)));
}

/// What went wrong among many copies: ` (3 failed, 1 skipped)`.
fn ill(steps: &[&StepView]) -> String {
    let of = |wanted: fn(&StepState) -> bool| steps.iter().filter(|step| wanted(&step.state)).count();
    let counts = [
        (of(|state| *state == StepState::Failed), "failed"),
        (of(|state| *state == StepState::Canceled), "canceled"),
        (of(|state| matches!(state, StepState::Skipped(_))), "skipped"),
        (of(|state| matches!(state, StepState::Memoized(_))), "memoized"),
    ];
    let counts: Vec<_> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
}

fn x(chart: &Chart<'_>, moment: Duration) -> f64 {
    NAMES + chart.share(moment) * BARS
}

fn bar(body: &mut String, chart: &Chart<'_>, step: &StepView, span: &Span, y: f64, height: f64) {
    let (from, to) = (x(chart, span.from), x(chart, span.to));
    let length = duration(span.to.saturating_sub(span.from));
    let path = escape(&step.path.to_string());
    let attempt = if span.attempt > 1 { format!(" #{}", span.attempt) } else { String::new() };
    let (class, what) = match span.phase {
        Phase::Queued => ("q", format!("queued for {length}")),
        Phase::Running => ("r", format!("ran for {length}")),
        Phase::Open => ("o", format!("open for {length}: ran only while the next item was asked for")),
        Phase::Failed => ("f", format!("failed after {length}: {}", escape(&error(step, span.attempt)))),
        Phase::Interrupted => ("i", format!("interrupted after {length}")),
        Phase::Retry => ("w", format!("waited {length} for the retry")),
        Phase::Skipped => ("s", "skipped".to_owned()),
        Phase::Memoized => ("m", "memoized".to_owned()),
    };
    let title = format!("<title>{path}{attempt}: {what}</title>");
    let middle = y + height / 2.0;
    let _ = match span.phase {
        Phase::Retry => writeln!(body, "<path class=\"w\" d=\"M{from:.1} {middle}H{to:.1}\">{title}</path>"),
        Phase::Skipped | Phase::Memoized => {
            writeln!(
                body,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{middle}\" r=\"3\">{title}</circle>",
                from.min(NAMES + BARS - 4.0)
            )
        }
        Phase::Queued | Phase::Open => {
            let (y, height) = (y + height / 4.0, height / 2.0);
            rect(body, class, (from, to - from), (y, height), &title)
        }
        Phase::Running | Phase::Failed | Phase::Interrupted => {
            rect(body, class, (from, (to - from).max(1.0)), (y, height), &title)
        }
    };
}

fn rect(
    body: &mut String,
    class: &str,
    (x, width): (f64, f64),
    (y, height): (f64, f64),
    title: &str,
) -> std::fmt::Result {
    writeln!(
        body,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\">{title}</rect>"
    )
}

fn error(step: &StepView, attempt: u32) -> String {
    let attempt = step.attempts.iter().find(|kept| kept.number == attempt);
    attempt
        .and_then(|attempt| attempt.error.as_ref())
        .map_or_else(String::new, |error| shorten(&error.message, 80))
}

/// The attempts of one lane; those that begin within one coarse column become one bar.
fn lane_bars(body: &mut String, chart: &Chart<'_>, lane: &[(&StepView, Span)], y: f64, coarse: f64) {
    let column = |span: &Span| ((x(chart, span.from) - NAMES) / coarse).floor();
    for bars in lane.chunk_by(|a, b| column(&a.1) == column(&b.1)) {
        let [(first, span), .., (_, last)] = bars else {
            let (step, span) = &bars[0];
            bar(body, chart, step, span, y, LANE - 1.0);
            continue;
        };
        let failed = bars.iter().filter(|(_, span)| span.phase == Phase::Failed).count();
        let class = if failed > 0 { "f" } else { "r" };
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let from = x(chart, span.from);
        let title = format!(
            "<title>{} attempts from {}{failed}</title>",
            bars.len(),
            escape(&first.path.to_string())
        );
        let width = (x(chart, last.to) - from).max(1.0);
        let _ = rect(body, class, (from, width), (y, LANE - 1.0), &title);
    }
}

/// How many copies were queued, and above them how many waited for a retry; nothing if none ever did.
fn curves(body: &mut String, chart: &Chart<'_>, steps: &[&StepView], y: f64) -> bool {
    let mut queued = vec![0.0_f64; CURVE_COLUMNS];
    let mut retry = queued.clone();
    let width = BARS / CURVE_COLUMNS as f64;
    for span in steps.iter().flat_map(|step| chart.spans(step)) {
        match span.phase {
            Phase::Queued => chart.fill(&span, &mut queued),
            Phase::Retry => chart.fill(&span, &mut retry),
            _ => {}
        }
    }
    let both: Vec<f64> = queued.iter().zip(&retry).map(|(queued, retry)| queued + retry).collect();
    let most = both.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return false;
    }
    let base = y + CURVE;
    for (class, heights, title) in [("wa", &both, "waiting for retry"), ("q", &queued, "queued")] {
        if class == "wa" && both == queued {
            continue;
        }
        let mut path = format!("M{NAMES} {base}");
        for (at, height) in heights.iter().enumerate() {
            let to = NAMES + (at + 1) as f64 * width;
            let _ = write!(path, "V{:.1}H{to:.1}", base - height / most * (CURVE - 4.0));
        }
        let _ = writeln!(
            body,
            "<path class=\"{class}\" d=\"{path}V{base}Z\"><title>{title}, at most {most:.0}</title></path>"
        );
    }
    true
}

fn axis(file: &mut String, chart: &Chart<'_>, bottom: f64) {
    for (moment, label) in chart.ticks(10) {
        let x = x(chart, moment);
        let top = TOP - 6.0;
        let _ = writeln!(
            file,
            "<path class=\"l\" d=\"M{x:.1} {top}V{bottom}\"/><text class=\"d\" x=\"{x:.1}\" y=\"{}\">{label}</text>",
            top - 4.0
        );
    }
}

fn legend(file: &mut String, rare: Rare) {
    let mut x = NAMES;
    for (class, word) in [
        ("q", "queued"),
        ("r", "running"),
        ("o", "open"),
        ("f", "failed attempt"),
        ("i", "interrupted"),
        ("w", "waiting for retry"),
        ("s", "skipped"),
        ("m", "memoized"),
    ] {
        if class == "i" && !rare.interrupted || class == "m" && !rare.memoized {
            continue;
        }
        let _ = match class {
            "w" => write!(file, "<path class=\"w\" d=\"M{x} 60h14\"/>"),
            "s" | "m" => write!(file, "<circle class=\"{class}\" cx=\"{}\" cy=\"60\" r=\"3\"/>", x + 7.0),
            class => write!(file, "<rect class=\"{class}\" x=\"{x}\" y=\"55\" width=\"14\" height=\"10\"/>"),
        };
        let _ = writeln!(file, "<text class=\"d\" x=\"{}\" y=\"64\">{word}</text>", x + 20.0);
        x += 40.0 + 7.0 * word.len() as f64;
    }
}
