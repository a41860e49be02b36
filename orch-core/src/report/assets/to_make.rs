//! What is to be made of assets that are asked for, and why.

use serde_json::{Value, json};

use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table};
use super::partitions::{set_as_json, stretches};
use super::reasons::reasons;
use super::stale::{reason, word};
use crate::asset::AssetKey;
use crate::graph::AssetGraph;
use crate::partition::{Keyspace, PartitionSet};
use crate::run::{Standing, Standings, ToMake};
use crate::select::Selectable as _;

/// Something that is to be made for one reason: an asset, or partitions of one.
struct Wanted<'a> {
    key: &'a AssetKey,
    partitions: Option<(&'a Keyspace, PartitionSet)>,
    standing: Option<Standing>,
    reason: String,
}

/// A line for each asset that is to be made, and why: of those that are selected, or made along with one; of one with partitions for
/// those that are made for one reason. What others make and what is observed is one of them, and what is made of that. Ends with a
/// line break.
#[must_use]
pub fn assets_to_make(
    graph: &AssetGraph,
    standings: &Standings,
    (selected, made): (&[bool], &ToMake),
    palette: Palette,
) -> String {
    let row = |wanted: &Wanted<'_>| {
        let name = match &wanted.partitions {
            Some((keyspace, set)) => format!("{}[{}]", wanted.key, stretches(keyspace, set)),
            None => wanted.key.to_string(),
        };
        [Cell::of(Role::Name, name), Cell::of(Role::Faint, &wanted.reason)]
    };
    let rows = wanted(graph, standings, (selected, made)).iter().map(row).collect();
    table(["to make", "since"], rows, palette)
}

/// What is as it would be made and is passed over since the last attempt at it failed, with a line break; nothing if there is none.
#[must_use]
pub fn assets_made_good(graph: &AssetGraph, standings: &Standings, passed_over: &ToMake) -> String {
    let name = |number: &usize| {
        let key = graph.assets()[*number].key();
        match (standings.partitions(key), passed_over.partitions.get(number)) {
            (Some(of), Some(set)) => format!("{key}[{}]", stretches(of.keyspace(), set)),
            _ => key.to_string(),
        }
    };
    let names: Vec<_> = passed_over.assets.iter().map(name).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("as it would be made, though the last attempt failed, and so passed over: {}\n", names.join(", "))
}

/// What is to be made as an array, of which each has how it stands and why it is made; of one with partitions how many, and the stretches of
/// their keys, both ends included.
#[must_use]
pub fn assets_to_make_as_json(
    graph: &AssetGraph,
    standings: &Standings,
    (selected, made): (&[bool], &ToMake),
) -> Value {
    let one = |wanted: &Wanted<'_>| {
        json!({
            "asset": wanted.key,
            "partitions": wanted.partitions.as_ref().map(|(keyspace, set)| set_as_json(keyspace, set)),
            "state": wanted.standing.as_ref().map(|standing| word(standing).1),
            "reason": wanted.reason,
        })
    };
    wanted(graph, standings, (selected, made)).iter().map(one).collect()
}

fn wanted<'a>(
    graph: &'a AssetGraph,
    standings: &'a Standings,
    (selected, made): (&[bool], &ToMake),
) -> Vec<Wanted<'a>> {
    let reason_of = |number: usize| {
        let standing = standings.get(graph.assets()[number].key());
        let own = standing.map(reason).filter(|reason| !reason.is_empty());
        own.or_else(|| graph.observation(number).map(|_| "it is observed each time".to_owned()))
    };
    let observed = below_observed(graph, &made.assets);
    let follows = |number: usize| {
        let upstream = graph.upstream(number).iter().find(|other| observed[**other])?;
        Some(format!(
            "it is made of `{}`, which may turn out to be other data",
            graph.assets()[*upstream].key()
        ))
    };
    let mut found = Vec::new();
    for &number in &made.assets {
        // One that is as it would be made, or was not asked for, may be made for another of its step.
        let is_cause = |other: usize| match reason_of(other) {
            Some(_) => selected[other] && made.assets.contains(&other),
            None => selected[other] && !selected[number],
        };
        let along = || graph.together(number).iter().find(|&&other| other != number && is_cause(other));
        let along =
            || along().map(|&other| format!("one step makes it with `{}`", graph.assets()[other].key()));
        let key = graph.assets()[number].key();
        let mut want = |partitions, standing, own: Option<String>| {
            let own = own.filter(|reason| !reason.is_empty());
            let reason = if selected[number] { own.or_else(along) } else { along() };
            let reason = reason.or_else(|| follows(number));
            let reason = reason.unwrap_or_else(|| "it is asked for".to_owned());
            found.push(Wanted { key, partitions, standing, reason });
        };
        match (standings.partitions(key), made.partitions.get(&number)) {
            (Some(partitions), Some(set)) => {
                for one in reasons(partitions, set) {
                    let words = one.words();
                    want(Some((partitions.keyspace(), one.set)), Some(one.standing), Some(words));
                }
            }
            _ => want(None, standings.get(key).cloned(), reason_of(number)),
        }
    }
    found
}

/// Of these assets, each after what it is made of, those that are observed and those that are made of them.
fn below_observed(graph: &AssetGraph, made: &[usize]) -> Vec<bool> {
    let mut observed = vec![false; graph.assets().len()];
    for &number in made {
        let mut upstream = graph.upstream(number).iter();
        observed[number] = graph.observation(number).is_some() || upstream.any(|&other| observed[other]);
    }
    observed
}

/// What is made though it is not selected, as one step makes it with what is; a line for each. Empty if there is nothing.
#[must_use]
pub fn assets_made_along(graph: &AssetGraph, selected: &[bool]) -> String {
    let made = graph.with_made_along(selected);
    let along = (0..made.len()).filter(|&number| made[number] && !selected[number]);
    let line = |number: usize| {
        let with = graph.together(number).iter().find(|&&other| selected[other])?;
        let (key, with) = (graph.assets()[number].key(), graph.assets()[*with].key());
        Some(format!("`{key}` is made too: one step makes it with `{with}`\n"))
    };
    along.filter_map(line).collect()
}
