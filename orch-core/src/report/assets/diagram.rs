use std::fmt::Write as _;

use super::AssetFacts;
use super::mark::{CLASSES, Mark};
use super::order::{Arrow, Drawn};
use crate::graph::AssetGraph;
use crate::plan::{dot_escape, mermaid_escape};

/// The selected assets as a Mermaid flowchart, with their groups as subgraphs; those that others make are dashed, and so
/// are arrows where no value is taken. With what is known of them, each has the colour of how it stands.
#[must_use]
pub fn asset_graph_as_mermaid(
    graph: &AssetGraph,
    selected: &[bool],
    facts: Option<&AssetFacts<'_>>,
) -> String {
    let drawn = Drawn::new(graph, selected, facts);
    let mut text = String::from("flowchart LR\n");
    for (at, (group, assets)) in drawn.groups().into_iter().enumerate() {
        let indent = if group.is_some() { "        " } else { "    " };
        if let Some(group) = group {
            let _ = writeln!(text, "    subgraph g{at}[\"{}\"]", mermaid_escape(group));
        }
        for number in assets {
            let _ = writeln!(text, "{indent}a{number}[\"{}\"]", mermaid_escape(drawn.key(number)));
        }
        if group.is_some() {
            text.push_str("    end\n");
        }
    }
    for Arrow { from, to, dashed } in drawn.arrows().chain(drawn.own_arrows()) {
        let arrow = if dashed { "-.->" } else { "-->" };
        let _ = writeln!(text, "    a{from} {arrow} a{to}");
    }
    let external: Vec<_> = external(&drawn).map(|number| format!("a{number}")).collect();
    if !external.is_empty() {
        let _ = writeln!(text, "    classDef external stroke-dasharray: 4 3");
        let _ = writeln!(text, "    class {} external", external.join(","));
    }
    for (role, class, colour) in CLASSES {
        let marked = drawn.order().filter(|&number| drawn.mark(number).is_some_and(|mark| mark.role == role));
        let marked: Vec<_> = marked.map(|number| format!("a{number}")).collect();
        if !marked.is_empty() {
            let _ = writeln!(text, "    classDef {class} stroke:{colour},stroke-width:2px");
            let _ = writeln!(text, "    class {} {class}", marked.join(","));
        }
    }
    text
}

/// The selected assets as a Graphviz digraph, with their groups as clusters; dashed as in
/// [`asset_graph_as_mermaid`]. Of how an asset stands, the reason is its tooltip.
#[must_use]
pub fn asset_graph_as_dot(graph: &AssetGraph, selected: &[bool], facts: Option<&AssetFacts<'_>>) -> String {
    let drawn = Drawn::new(graph, selected, facts);
    let mut text = String::from("digraph assets {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n");
    for (at, (group, assets)) in drawn.groups().into_iter().enumerate() {
        let indent = if group.is_some() { "        " } else { "    " };
        if let Some(group) = group {
            let label = dot_escape(group);
            let _ = writeln!(text, "    subgraph cluster_g{at} {{\n        label=\"{label}\";");
        }
        for number in assets {
            let style = match graph.assets()[number].is_external() {
                true => ", style=\"rounded,dashed\"",
                false => "",
            };
            let mark = drawn.mark(number).as_ref().map(dot_mark).unwrap_or_default();
            let label = dot_escape(drawn.key(number));
            let _ = writeln!(text, "{indent}a{number} [label=\"{label}\"{style}{mark}];");
        }
        if group.is_some() {
            text.push_str("    }\n");
        }
    }
    for Arrow { from, to, dashed } in drawn.arrows().chain(drawn.own_arrows()) {
        let style = if dashed { " [style=dashed]" } else { "" };
        let _ = writeln!(text, "    a{from} -> a{to}{style};");
    }
    text.push_str("}\n");
    text
}

/// The attributes of a node for how it stands.
fn dot_mark(mark: &Mark) -> String {
    let colour = mark.class().map(|(_, colour)| format!(", color=\"{colour}\"")).unwrap_or_default();
    format!("{colour}, tooltip=\"{}\"", dot_escape(&mark.told))
}

fn external(drawn: &Drawn<'_>) -> impl Iterator<Item = usize> {
    drawn.order().filter(|&number| drawn.graph.assets()[number].is_external())
}
