use std::fmt::Write as _;

use super::super::columns::width;
use super::super::palette::{Palette, Role};
use super::super::text::one_line;
use super::AssetFacts;
use super::order::Drawn;
use crate::graph::AssetGraph;

/// The selected assets as a tree: each once, below what it is made of; of one that is made of several, these are named. With what
/// is known of them, how each stands, and why. Ends with a line break.
#[must_use]
pub fn asset_graph(
    graph: &AssetGraph,
    selected: &[bool],
    facts: Option<&AssetFacts<'_>>,
    palette: Palette,
) -> String {
    let drawn = Drawn::new(graph, selected, facts);
    let lines = lines(&drawn);
    let indented = |(number, level): (usize, usize)| level * 2 + width(drawn.key(number));
    let widest = lines.iter().map(|line| indented(*line)).max().unwrap_or(0);
    let mut text = String::new();
    for (number, level) in lines {
        let asset = &graph.assets()[number];
        let mut notes = Vec::new();
        if let Some(group) = asset.group() {
            notes.push(one_line(group));
        }
        if asset.is_external() {
            notes.push("external".to_owned());
        }
        if graph.observation(number).is_some() {
            notes.push("observable".to_owned());
        }
        if graph.takes_own(number) {
            notes.push("takes earlier partitions of its own".to_owned());
        }
        let upstream: Vec<_> = drawn.upstream(number).map(|other| drawn.key(other)).collect();
        let several =
            if upstream.len() > 1 { format!("  <- {}", upstream.join(", ")) } else { String::new() };
        let notes = notes.join(", ");
        let mark = drawn.mark(number).map(|mark| format!("  {}", palette.paint(mark.role, &mark.told)));
        let mark = mark.unwrap_or_default();
        if notes.is_empty() && several.is_empty() && mark.is_empty() {
            let _ = writeln!(text, "{}{}", "  ".repeat(level), palette.paint(Role::Name, drawn.key(number)));
            continue;
        }
        let pad = " ".repeat(widest - indented((number, level)) + 2);
        let _ = writeln!(
            text,
            "{}{}{pad}{}{several}{mark}",
            "  ".repeat(level),
            palette.paint(Role::Name, drawn.key(number)),
            palette.paint(Role::Faint, &notes),
        );
    }
    text
}

/// The assets with how far they are indented. An asset follows the last of those that it is made of, one level deeper.
fn lines(drawn: &Drawn<'_>) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    let mut waits: Vec<usize> =
        (0..drawn.graph.assets().len()).map(|number| drawn.upstream(number).count()).collect();
    for root in drawn.order().filter(|&number| drawn.upstream(number).next().is_none()) {
        let mut next = vec![(root, 0)];
        while let Some((number, level)) = next.pop() {
            lines.push((number, level));
            let mut ready = Vec::new();
            for other in drawn.downstream(number) {
                waits[other] -= 1;
                if waits[other] == 0 {
                    ready.push((other, level + 1));
                }
            }
            next.extend(ready.into_iter().rev());
        }
    }
    lines
}
