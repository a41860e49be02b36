use std::fmt::Write as _;

use super::super::columns::{shorten, width};
use super::super::picture::{Style, escape, picture};
use super::super::text::one_line;
use super::super::words::count;
use super::AssetFacts;
use super::layout::{At, BOX, Layout};
use super::mark::Mark;
use super::order::Drawn;
use crate::graph::AssetGraph;

/// Where the drawing begins below its heading, the margin around it and within boxes; in pixels.
const TOP: f64 = 44.0;
const EDGE: f64 = 12.0;
/// How wide a letter is about, how many of a key are shown, and how wide a box is at least.
const LETTER: f64 = 7.0;
const LETTERS: usize = 40;
const LEAST: f64 = 90.0;
/// How long the head of an arrow is.
const HEAD: f64 = 8.0;

const STYLE: Style = Style {
    light: ".a{fill:#ddeaf5;stroke:#2f81c1}.x{fill:#fff;stroke:#8c959f;stroke-dasharray:4 3}\
            .e{fill:none;stroke:#8c959f;stroke-width:1.5}.w{stroke-dasharray:4 3}.t{fill:#8c959f}\
            .a.fresh{stroke:#1a7f37}.a.stale{stroke:#bf8700;stroke-width:2}.a.missing{stroke:#8250df;stroke-width:2}\
            .a.failed{stroke:#cf222e;stroke-width:2}",
    dark: ".a{fill:#12273a;stroke:#58a6d8}.x{fill:#0d1117}",
};

/// The selected assets as a picture: in columns, each right of all that it is made of, the arrow dashed where no value is
/// taken. A file of its own: no scripts, nothing fetched, light or dark as its reader likes it, with what an asset is under
/// the pointer. With what is known of them, each has the colour of how it stands, and that is told under the pointer.
#[must_use]
pub fn asset_graph_as_svg(graph: &AssetGraph, selected: &[bool], facts: Option<&AssetFacts<'_>>) -> String {
    let drawn = Drawn::new(graph, selected, facts);
    let (order, arrows): (Vec<_>, Vec<_>) = (drawn.order().collect(), drawn.arrows().collect());
    let widths: Vec<_> = (0..graph.assets().len()).map(|number| box_width(&drawn, number)).collect();
    let ends: Vec<_> = arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
    let layout = Layout::of(&widths, &order, &ends);
    let title = count(order.len() as u64, "asset", "assets");
    let mut body = format!("<text class=\"h\" x=\"{EDGE}\" y=\"24\">{title}</text>\n");
    let _ = writeln!(body, "<g transform=\"translate({EDGE} {TOP})\">");
    for (arrow, ways) in arrows.iter().zip(&layout.ways) {
        if let (Some(from), Some(to)) = (layout.boxes[arrow.from], layout.boxes[arrow.to]) {
            draw_arrow(&mut body, arrow.dashed, from, ways, to);
        }
    }
    for arrow in drawn.own_arrows() {
        if let Some(at) = layout.boxes[arrow.to] {
            draw_loop(&mut body, at);
        }
    }
    for &number in &order {
        if let Some(at) = layout.boxes[number] {
            draw(&mut body, &drawn, number, at);
        }
    }
    body.push_str("</g>\n");
    let width = layout.width.max(LEAST) + 2.0 * EDGE;
    picture(&title, (width, TOP + layout.height + EDGE), &STYLE, &body)
}

/// From the right of a box by its ways to the left of another.
fn draw_arrow(body: &mut String, dashed: bool, from: At, ways: &[At], to: At) {
    let class = if dashed { "e w" } else { "e" };
    let mut at = (from.right(), from.y);
    let mut path = format!("M{:.1} {:.1}", at.0, at.1);
    let end = At { x: to.x - HEAD, ..to };
    for next in ways.iter().chain([&end]) {
        let middle = f64::midpoint(at.0, next.x);
        let _ = write!(path, "C{middle:.1} {:.1} {middle:.1} {y:.1} {:.1} {y:.1}", at.1, next.x, y = next.y);
        at = (next.right(), next.y);
        if next.x < end.x {
            let _ = write!(path, "H{:.1}", at.0);
        }
    }
    let _ = writeln!(
        body,
        "<path class=\"{class}\" d=\"{path}\"/><path class=\"t\" d=\"M{:.1} {:.1}l-{HEAD} -4v8z\"/>",
        to.x, to.y
    );
}

/// From a box to itself, above its right corner.
fn draw_loop(body: &mut String, at: At) {
    let (x, y) = (at.right() - EDGE, at.y - BOX / 2.0);
    let _ = writeln!(
        body,
        "<path class=\"e\" d=\"M{x:.1} {y:.1}v-4c0 -8 -18 -8 -18 0\"/><path class=\"t\" d=\"M{:.1} {y:.1}l-4 -{HEAD}h8z\"/>",
        x - 18.0
    );
}

fn draw(body: &mut String, drawn: &Drawn<'_>, number: usize, at: At) {
    let asset = &drawn.graph.assets()[number];
    let mark = drawn.mark(number);
    let class = if asset.is_external() { "x" } else { "a" };
    let class = match mark.as_ref().and_then(Mark::class) {
        Some((mark, _)) => format!("{class} {mark}"),
        None => class.to_owned(),
    };
    let told = [
        asset.description().map(one_line),
        Some(asset.kinds().join(", ")).filter(|kinds| !kinds.is_empty()),
        asset.is_external().then(|| "made by others".to_owned()),
        drawn.graph.observation(number).map(|_| "observable".to_owned()),
        drawn.graph.takes_own(number).then(|| "takes earlier partitions of its own".to_owned()),
        mark.map(|mark| mark.told),
    ];
    let told = told.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let told = if told.is_empty() { asset.key().to_string() } else { format!("{}: {told}", asset.key()) };
    let (x, y, width) = (at.x, at.y - BOX / 2.0, at.width);
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

fn box_width(drawn: &Drawn<'_>, number: usize) -> f64 {
    let group = drawn.graph.assets()[number].group().map_or(0, |group| width(group).min(LETTERS));
    (width(&label(drawn, number)).max(group) as f64 * LETTER + 2.0 * EDGE).max(LEAST)
}
