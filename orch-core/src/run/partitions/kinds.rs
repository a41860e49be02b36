use std::collections::{BTreeSet, HashMap};

use crate::asset::AssetKey;
use crate::partition::quoted;
use crate::plan::Plan;

/// What one run can make of assets with partitions of several kinds.
struct Part<'a> {
    /// The kind from which all of its partitions follow, as the number of a group; none as long as nothing in it has any.
    kind: Option<usize>,
    assets: Vec<&'a AssetKey>,
}

/// The commands that make, one after the other, what one run cannot: each for partitions of one kind, after those that make what it
/// takes. `groups` has for each of the plan's maps of partitions its kind, `is_root` says of which a run has to be told, and
/// `is_for` for which.
pub(super) fn runs<'a>(
    plan: &Plan,
    groups: &[usize],
    is_root: impl Fn(usize) -> bool,
    is_for: impl Fn(usize) -> Option<&'a str>,
) -> String {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut part_of: HashMap<&AssetKey, usize> = HashMap::new();
    for asset in plan.steps.iter().flat_map(|step| &step.assets) {
        let kind = asset.partitions.map(|within| kind(plan, groups, &is_root, groups[within]));
        let earliest = asset.upstream.iter().filter_map(|key| part_of.get(key).copied()).max();
        let at = find(&parts, kind, earliest.unwrap_or_default()).unwrap_or(parts.len());
        if at == parts.len() {
            parts.push(Part { kind, assets: Vec::new() });
        }
        parts[at].kind = parts[at].kind.or(kind);
        parts[at].assets.push(&asset.key);
        part_of.insert(&asset.key, at);
    }
    let command = |part: &Part<'_>| {
        let keys: Vec<_> = part.assets.iter().map(|key| key.as_str()).collect();
        let partition = part.kind.map_or_else(String::new, |kind| match is_for(kind) {
            Some(told) => format!(" --partition {}", quoted(told)),
            None => " --partition ..".to_owned(),
        });
        format!("`materialize {}{partition}`", keys.join(" "))
    };
    parts.iter().map(command).collect::<Vec<_>>().join(", ")
}

/// The first of these, from this one on, that can make something of a kind: what has no partitions any of them makes.
fn find(parts: &[Part<'_>], kind: Option<usize>, from: usize) -> Option<usize> {
    let fits = |part: &Part<'_>| part.kind.is_none() || kind.is_none() || part.kind == kind;
    (from..parts.len()).find(|&at| fits(&parts[at]))
}

/// The kind that a run for a group is told: the one that it follows from, or if there are several its own.
fn kind(plan: &Plan, groups: &[usize], is_root: &impl Fn(usize) -> bool, group: usize) -> usize {
    let (mut roots, mut seen, mut open) = (BTreeSet::new(), BTreeSet::from([group]), vec![group]);
    while let Some(next) = open.pop() {
        if is_root(next) {
            roots.insert(next);
        }
        let maps = (0..groups.len()).filter(|&at| groups[at] == next);
        let from = maps.flat_map(|at| &plan.partitions[at].from).map(|from| groups[from.partitions]);
        open.extend(from.filter(|from| seen.insert(*from)));
    }
    match roots.len() {
        1 => roots.first().copied().unwrap_or(group),
        _ => group,
    }
}
