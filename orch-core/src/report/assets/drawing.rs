use std::fmt::Write as _;

use super::super::columns::{shorten, width};
use super::super::picture::{escape, picture};
use super::super::text::one_line;
use super::super::words::count;
use super::order::{Arrow, Drawn};
use crate::graph::AssetGraph;

/// Where the first box begins, a box's height and the distance to the one below it, the distance between columns and the
/// margin around all; in pixels.
const TOP: f64 = 64.0;
const BOX: f64 = 40.0;
const BELOW: f64 = 16.0;
const BESIDE: f64 = 64.0;
const EDGE: f64 = 12.0;
/// How wide a letter is about, how many of a key are shown, and how wide a box is at least.
const LETTER: f64 = 7.0;
const LETTERS: usize = 40;
const LEAST: f64 = 90.0;

const STYLE: &str = "\
text{fill:#1f2328;font:12px ui-sans-serif,system-ui,sans-serif}.h{font-size:15px;font-weight:600}.d{fill:#656d76}\
.bg{fill:#fff}.a{fill:#ddeaf5;stroke:#2f81c1}.x{fill:#fff;stroke:#8c959f;stroke-dasharray:4 3}\
.e{fill:none;stroke:#8c959f;stroke-width:1.5}.w{stroke-dasharray:4 3}.t{fill:#8c959f}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#8d96a0}.bg{fill:#0d1117}.a{fill:#12273a;stroke:#58a6d8}\
.x{fill:#0d1117}}";

/// The selected assets as a picture: in columns, each right of all that it is made of, the arrow dashed where no value is
/// taken. A file of its own: no scripts,
/// nothing fetched, light or dark as its reader likes it, with what an asset is under the pointer.
#[must_use]
pub fn asset_graph_as_svg(graph: &AssetGraph, selected: &[bool]) -> String {
    let drawn = Drawn::new(graph, selected);
    let layout = Layout::of(&drawn);
    let number = layout.boxes.iter().flatten().count();
    let title = count(number as u64, "asset", "assets");
    let mut body = format!("<text class=\"h\" x=\"{EDGE}\" y=\"24\">{title}</text>\n");
    for Arrow { from, to, dashed } in drawn.arrows() {
        let class = if dashed { "e w" } else { "e" };
        let (Some(from), Some(to)) = (layout.boxes[from], layout.boxes[to]) else { continue };
        let (left, right) = (from.x + from.width, to.x);
        let (y0, y1) = (from.middle(), to.middle());
        let middle = f64::midpoint(left, right);
        let _ = writeln!(
            body,
            "<path class=\"{class}\" d=\"M{left:.1} {y0:.1}C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {:.1} {y1:.1}\"/>\
             <path class=\"t\" d=\"M{right:.1} {y1:.1}l-8 -4v8z\"/>",
            right - 8.0,
        );
    }
    // Above the arrows: one that passes behind a box does not seem to begin there.
    for number in drawn.order() {
        if let Some(at) = layout.boxes[number] {
            draw(&mut body, &drawn, number, at);
        }
    }
    picture(&title, (layout.width, layout.height), STYLE, &body)
}

fn draw(body: &mut String, drawn: &Drawn<'_>, number: usize, at: At) {
    let asset = &drawn.graph.assets()[number];
    let class = if asset.is_external() { "x" } else { "a" };
    let told = [
        asset.description().map(one_line),
        Some(asset.kinds().join(", ")).filter(|kinds| !kinds.is_empty()),
        asset.is_external().then(|| "made by others".to_owned()),
    ];
    let told = told.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let told = if told.is_empty() { asset.key().to_string() } else { format!("{}: {told}", asset.key()) };
    let At { x, y, width } = at;
    let (title, label) = (escape(&told), escape(&label(drawn, number)));
    let group = escape(&shorten(&one_line(asset.group().unwrap_or_default()), LETTERS));
    let left = x + EDGE;
    let _ = writeln!(
        body,
        "<g><title>{title}</title>\
         <rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BOX}\" rx=\"6\"/>\
         <text x=\"{left:.1}\" y=\"{:.1}\">{label}</text><text class=\"d\" x=\"{left:.1}\" y=\"{:.1}\">{group}</text></g>",
        y + 17.0,
        y + 32.0,
    );
}

fn label(drawn: &Drawn<'_>, number: usize) -> String {
    shorten(drawn.key(number), LETTERS)
}

/// Where the boxes of the assets stand, by their numbers.
struct Layout {
    boxes: Vec<Option<At>>,
    width: f64,
    height: f64,
}

#[derive(Clone, Copy, Debug)]
struct At {
    x: f64,
    y: f64,
    width: f64,
}

impl At {
    fn middle(self) -> f64 {
        self.y + BOX / 2.0
    }
}

impl Layout {
    /// Columns by the longest way to an asset; in a column an asset stands about as high as what it is made of.
    fn of(drawn: &Drawn<'_>) -> Self {
        let columns = columns(drawn);
        let tallest = columns.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let mut boxes: Vec<Option<At>> = vec![None; drawn.graph.assets().len()];
        let mut x = EDGE;
        for mut column in columns {
            let height = |number: usize| {
                let above = || drawn.upstream(number).filter_map(|other| boxes[other]).map(At::middle);
                above().sum::<f64>() / above().count().max(1) as f64
            };
            column.sort_by(|&a, &b| height(a).total_cmp(&height(b)));
            let width = column.iter().map(|&number| box_width(drawn, number)).fold(LEAST, f64::max);
            let first = TOP + (tallest - column.len() as f64) / 2.0 * (BOX + BELOW);
            for (row, &number) in column.iter().enumerate() {
                boxes[number] = Some(At { x, y: first + row as f64 * (BOX + BELOW), width });
            }
            x += width + BESIDE;
        }
        let width = (x - BESIDE + EDGE).max(2.0 * EDGE + LEAST);
        Self { boxes, width, height: TOP + tallest * (BOX + BELOW) - BELOW.min(tallest * BELOW) + EDGE }
    }
}

fn box_width(drawn: &Drawn<'_>, number: usize) -> f64 {
    let group = drawn.graph.assets()[number].group().map_or(0, |group| width(group).min(LETTERS));
    width(&label(drawn, number)).max(group) as f64 * LETTER + 2.0 * EDGE
}

/// The assets by how long the longest way to each is.
fn columns(drawn: &Drawn<'_>) -> Vec<Vec<usize>> {
    let mut depths = vec![0; drawn.graph.assets().len()];
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for number in drawn.order() {
        let depth = drawn.upstream(number).map(|other| depths[other] + 1).max().unwrap_or(0);
        depths[number] = depth;
        if columns.len() <= depth {
            columns.resize_with(depth + 1, Vec::new);
        }
        columns[depth].push(number);
    }
    columns
}
