//! What selections select, and beside it an oracle that knows nothing but a matrix.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::graph::Graph;
use crate::select::{AssetSelection, Copies, StepSelection};

/// A job with a map in a map: `extract` → load → (cells → weigh) → total, in a graph `clean` two steps.
fn job() -> Graph {
    let mut graph = Graph::of(&[
        ("config", &[]),
        ("extract", &["config"]),
        ("clean.trim", &["extract"]),
        ("clean.load", &["clean.trim", "config"]),
        ("cells", &["clean.load", "extract"]),
        ("weigh", &["cells"]),
        ("sum", &["weigh", "clean.load"]),
        ("total", &["sum"]),
        ("other", &["config"]),
    ]);
    // Map 0 is over `extract`, map 1 over `cells`.
    graph.maps = vec![vec![], vec![], vec![0], vec![0], vec![0], vec![0, 1], vec![0], vec![], vec![]];
    graph
}

fn steps(text: &str) -> String {
    let graph = job();
    let selection: StepSelection = text.parse().unwrap_or_else(|error| panic!("{error}"));
    let copies = match selection.of(&graph) {
        Ok(copies) => copies,
        Err(error) => return error.to_string(),
    };
    let shown = copies.iter().zip(&graph.names).filter_map(|(copies, name)| match copies {
        Copies::None => None,
        Copies::All => Some(name.clone()),
        Copies::Only(items) => {
            let key = |item: &Vec<_>| item.iter().map(|key| format!("[{key}]")).collect::<String>();
            Some(items.iter().map(|item| format!("{name}{}", key(item))).collect::<Vec<_>>().join(" "))
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn clauses_of_steps() {
    for (text, selected) in [
        ("*", "config extract clean.trim clean.load cells weigh sum total other"),
        ("total", "total"),
        ("clean", "clean.trim clean.load"),
        ("clean.trim", "clean.trim"),
        ("+total", "sum total"),
        ("++total", "clean.load weigh sum total"),
        ("*clean.trim", "config extract clean.trim"),
        ("clean+", "clean.trim clean.load cells sum"),
        ("config+, total", "config extract clean.load total other"),
        ("*other*", "config other"),
    ] {
        assert_eq!(steps(text), selected, "{text}");
    }
}

#[test]
fn one_item_stays_one_item_within_its_map_alone() {
    for (text, selected) in [
        ("clean.load[100]", "clean.load[100]"),
        ("clean[100]", "clean.trim[100] clean.load[100]"),
        ("clean.load[100]*", "clean.load[100] cells[100] weigh[100] sum[100] total"),
        ("weigh[a][17]", "weigh[a][17]"),
        ("weigh[a]", "weigh[a]"),
        ("weigh[a][17]*", "weigh[a][17] sum[a] total"),
        ("+weigh[a][17]", "cells[a] weigh[a][17]"),
        ("*clean.load[a]", "config extract clean.trim[a] clean.load[a]"),
        ("clean.load[1] clean.load[2]", "clean.load[1] clean.load[2]"),
        ("weigh[a][1], weigh[a], weigh[a][2]", "weigh[a]"),
        ("clean.load[1], clean.load", "clean.load"),
    ] {
        assert_eq!(steps(text), selected, "{text}");
    }
}

#[test]
fn clauses_that_name_nothing_are_told_together() {
    assert_snapshot!(steps("totl*, total, clean.l*, _sum*"), @r"
    the selection has 3 mistakes
    error: there is no step `totl`, at column 1
      totl*, total, clean.l*, _sum*
      ^^^^^
      hint: did you mean `total`? steps of this job: config, extract, clean.trim, clean.load, cells, weigh, sum, total, other
    error: there is no step `clean.l`, at column 15
      totl*, total, clean.l*, _sum*
                    ^^^^^^^^
      hint: `*` is no wildcard: it selects what comes before or behind; did you mean `clean.load`? steps of this job: config, extract, clean.trim, clean.load, cells, weigh, sum, total, other
    error: there is no step `_sum`, at column 25
      totl*, total, clean.l*, _sum*
                              ^^^^^
      hint: did you mean `sum`? steps of this job: config, extract, clean.trim, clean.load, cells, weigh, sum, total, other
    ");
    assert_snapshot!(steps("xyz"), @r"
    there is no step `xyz`, at column 1
      xyz
      ^^^
      hint: steps of this job: config, extract, clean.trim, clean.load, cells, weigh, sum, total, other
    ");
    assert_snapshot!(steps("total[1], sum[1][2] clean.load[1][2][3]"), @r"
    the selection has 3 mistakes
    error: `total` stands in no map, and a key is given, at column 1
      total[1], sum[1][2] clean.load[1][2][3]
      ^^^^^^^^
      hint: a step has one key for each map that it stands in
    error: `sum` stands in one map, and 2 keys are given, at column 11
      total[1], sum[1][2] clean.load[1][2][3]
                ^^^^^^^^^
      hint: a step has one key for each map that it stands in
    error: `clean.load` stands in one map, and 3 keys are given, at column 21
      total[1], sum[1][2] clean.load[1][2][3]
                          ^^^^^^^^^^^^^^^^^^^
      hint: a step has one key for each map that it stands in
    ");
}

#[test]
fn copies_know_what_they_contain() {
    let selection: StepSelection = "weigh[a], sum[b]".parse().expect("a selection");
    let copies = selection.of(&job()).expect("known names");
    let contains = |step: usize, keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|key| crate::ids::MappingKey::from(*key)).collect();
        copies[step].contains(&keys.iter().collect::<Vec<_>>())
    };
    assert!(
        contains(5, &["a", "1"]) && !contains(5, &["b", "1"]) && contains(6, &["b"]) && !contains(6, &["a"])
    );
    assert!(!contains(0, &[]) && copies[0].is_none());
}

/// Raw pages become tables, some of which are reported.
fn assets() -> Graph {
    let mut graph = Graph::of(&[
        ("raw/a", &[]),
        ("raw/b", &[]),
        ("table/a", &["raw/a"]),
        ("table/ab", &["raw/a", "raw/b"]),
        ("report", &["table/a", "table/ab"]),
    ]);
    for node in 0..2 {
        graph.groups[node] = Some("raw_data".to_owned());
        graph.lists[node] = vec!["csv".to_owned()];
    }
    for (node, value) in [(2, "a"), (3, "ab"), (4, "")] {
        graph.tags[node].insert("team".to_owned(), value.to_owned());
    }
    graph.lists[4] = vec!["data team".to_owned()];
    graph
}

fn selected(text: &str) -> String {
    let graph = assets();
    let selection: AssetSelection = text.parse().unwrap_or_else(|error| panic!("{error}"));
    match selection.of(&graph) {
        Ok(selected) => {
            let names = selected.iter().zip(&graph.names).filter(|(selected, _)| **selected);
            names.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn expressions_of_assets() {
    for (text, expected) in [
        ("*", "raw/a raw/b table/a table/ab report"),
        ("key:raw/a", "raw/a"),
        ("report", "report"),
        ("key:\"*/a*\"", "raw/a table/a table/ab"),
        ("t*/*b", "table/ab"),
        ("group:raw*", "raw/a raw/b"),
        ("tag:team", "table/a table/ab report"),
        ("tag:team=ab", "table/ab"),
        ("tag:team=\"\"", "report"),
        ("owner:\"data team\"", "report"),
        ("not kind:csv", "table/a table/ab report"),
        ("+key:table/a", "raw/a table/a"),
        ("key:raw/b+", "raw/b table/ab report"),
        ("raw/b+1", "raw/b table/ab"),
        ("0+report+0", "report"),
        ("1+key:table/ab+1", "raw/a raw/b table/ab report"),
        ("(raw/a or raw/b)+1 and not kind:csv", "table/a table/ab"),
        ("sinks(*)", "report"),
        ("roots(*)", "raw/a raw/b"),
        ("sinks(key:raw/b or key:report or key:table/a)", "report"),
        ("sinks(raw/* or table/a)", "raw/b table/a"),
        ("roots(report or raw/b)", "raw/b"),
        ("raw/a and raw/b", ""),
    ] {
        assert_eq!(selected(text), expected, "{text}");
    }
}

#[test]
fn attributes_that_fit_nothing_are_told_together() {
    assert_snapshot!(selected("raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz"), @r"
    the selection has 6 mistakes
    error: no asset fits `key:raw/c`, at column 1
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
      ^^^^^
      hint: did you mean `raw/a`? keys: raw/a, raw/b, report, table/a, table/ab
    error: no asset fits `key:raww/*`, at column 14
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
                   ^^^^^^^^^^
      hint: keys: raw/a, raw/b, report, table/a, table/ab
    error: no asset fits `tag:team=b`, at column 29
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
                                  ^^^^^^^^^^
      hint: did you mean `a`? values of this tag: a, ab
    error: no asset fits `tag:tea`, at column 43
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
                                                ^^^^^^^
      hint: did you mean `team`? tags: team
    error: no asset fits `group:rawdata`, at column 54
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
                                                           ^^^^^^^^^^^^^
      hint: did you mean `raw_data`? groups: raw_data
    error: no asset fits `kind:xyz`, at column 71
      raw/c or not key:raww/* and tag:team=b or tag:tea or group:rawdata or kind:xyz
                                                                            ^^^^^^^^
      hint: kinds: csv, data team
    ");
}

/// Graphs of a few nodes, each edge from a lower number to a higher.
fn graphs() -> impl Strategy<Value = Vec<Vec<bool>>> {
    (1_usize..8).prop_flat_map(|nodes| {
        prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.3), nodes), nodes)
    })
}

fn graph_of(edges: &[Vec<bool>]) -> Graph {
    let up = (0..edges.len()).map(|node| (0..node).filter(|&other| edges[other][node]).collect());
    Graph::numbered((0..edges.len()).map(|node| format!("n{node}")).collect(), up.collect())
}

/// What is reached within so many edges, by multiplying the matrix; the diagonal is set.
fn reached(edges: &[Vec<bool>], levels: usize) -> Vec<Vec<bool>> {
    let nodes = 0..edges.len();
    let mut reached: Vec<Vec<bool>> =
        nodes.clone().map(|a| nodes.clone().map(|b| a == b).collect()).collect();
    for _ in 0..levels.min(edges.len()) {
        let step = |a: usize, b: usize| {
            reached[a][b] || nodes.clone().any(|via| reached[a][via] && via < b && edges[via][b])
        };
        reached = nodes.clone().map(|a| nodes.clone().map(|b| step(a, b)).collect()).collect();
    }
    reached
}

proptest! {
    #[test]
    fn ways_are_as_long_as_said(
        edges in graphs(), node in any::<prop::sample::Index>(), up in 0_usize..4, down in 0_usize..4, far in any::<bool>(),
    ) {
        let graph = graph_of(&edges);
        let node = node.index(edges.len());
        let levels = |levels: usize| if far { edges.len() } else { levels };
        let (above, below) = (reached(&edges, levels(up)), reached(&edges, levels(down)));
        let expected: Vec<bool> = (0..edges.len()).map(|other| above[other][node] || below[node][other]).collect();
        let (before, behind) = if far { ("*".into(), "*".into()) } else { ("+".repeat(up), "+".repeat(down)) };
        let steps: StepSelection = format!("{before}n{node}{behind}").parse().expect("a selection");
        let copies = steps.of(&graph).expect("a known name");
        prop_assert_eq!(copies.iter().map(|copies| *copies == Copies::All).collect::<Vec<_>>(), expected.clone());
        let assets = if far { format!("+n{node}+") } else { format!("{up}+n{node}+{down}") };
        let assets: AssetSelection = assets.parse().expect("a selection");
        prop_assert_eq!(assets.of(&graph), Ok(expected));
    }

    #[test]
    fn sets_are_as_said(edges in graphs(), chosen in prop::collection::vec(any::<bool>(), 8)) {
        let graph = graph_of(&edges);
        let chosen = &chosen[..edges.len()];
        let names: Vec<_> = (0..edges.len()).filter(|&node| chosen[node]).map(|node| format!("n{node}")).collect();
        prop_assume!(!names.is_empty());
        let any = names.join(" or ");
        let reached = reached(&edges, edges.len());
        let of = |text: String| text.parse::<AssetSelection>().expect("a selection").of(&graph).expect("known names");
        let nodes = 0..edges.len();
        let others = |node: usize| nodes.clone().filter(move |&other| chosen[other] && other != node);
        let sinks: Vec<bool> = nodes.clone().map(|node| chosen[node] && !others(node).any(|other| reached[node][other])).collect();
        let roots: Vec<bool> = nodes.clone().map(|node| chosen[node] && !others(node).any(|other| reached[other][node])).collect();
        prop_assert_eq!(of(format!("sinks({any})")), sinks);
        prop_assert_eq!(of(format!("roots({any})")), roots);
        prop_assert_eq!(of(format!("not ({any})")), chosen.iter().map(|chosen| !chosen).collect::<Vec<_>>());
        prop_assert_eq!(of(format!("({any}) and not (n0 or sinks({any}))")),
            nodes.clone().map(|node| chosen[node] && node > 0 && others(node).any(|other| reached[node][other])).collect::<Vec<_>>());
    }
}
