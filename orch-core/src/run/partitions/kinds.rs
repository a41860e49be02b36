use std::collections::{BTreeSet, HashMap};

use crate::asset::AssetKey;
use crate::partition::quoted;
use crate::plan::Plan;

/// What one run can make of assets with partitions of several kinds, or look at.
struct Part<'a> {
    /// The kind from which all of its partitions follow, as the number of a group; none as long as nothing in it has any.
    kind: Option<usize>,
    assets: Vec<&'a AssetKey>,
}

/// The commands that do, one after the other, what one run cannot: each for partitions of one kind, after those that make what it
/// takes. `groups` has for each of the plan's maps of partitions its kind, `roots` those of which a run has to be told, each part at
/// once, and `is_for` says for which it is, by the first of a part.
pub(super) fn runs<'a>(
    plan: &Plan,
    groups: &[usize],
    roots: &[Vec<usize>],
    is_for: impl Fn(usize) -> Option<&'a str>,
) -> String {
    let kind_of = |within: Option<usize>| within.map(|within| kind(plan, groups, roots, groups[within]));
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut part_of: HashMap<&AssetKey, usize> = HashMap::new();
    let made = plan.steps.iter().flat_map(|step| &step.assets);
    for asset in made {
        let earliest = asset.upstream.iter().filter_map(|key| part_of.get(key).copied()).max();
        let at = add(&mut parts, kind_of(asset.partitions), earliest.unwrap_or_default(), &asset.key);
        part_of.insert(&asset.key, at);
        // At what others make each looks that takes it.
        for observed in plan.steps.iter().filter_map(|step| step.observes.as_ref()) {
            if asset.upstream.contains(observed) && !parts[at].assets.contains(&observed) {
                let place = parts[at].assets.len() - 1;
                parts[at].assets.insert(place, observed);
            }
        }
    }
    let mut does = "materialize";
    if parts.is_empty() {
        does = "assets check";
        for check in plan.steps.iter().filter_map(|step| step.check.as_ref()) {
            add(&mut parts, kind_of(check.partitions), 0, &check.asset);
        }
    }
    if parts.is_empty() {
        does = "assets observe";
        for step in &plan.steps {
            if let Some(asset) = &step.observes {
                add(&mut parts, kind_of(plan.observes_within(step)), 0, asset);
            }
        }
    }
    let command = |part: &Part<'_>| {
        let keys: Vec<_> = part.assets.iter().map(|key| key.as_str()).collect();
        let partition = part.kind.map_or_else(String::new, |kind| match is_for(kind) {
            Some(told) => format!(" --partition {}", quoted(told)),
            None => " --partition ..".to_owned(),
        });
        format!("`{does} {}{partition}`", keys.join(" "))
    };
    parts.iter().map(command).collect::<Vec<_>>().join(", ")
}

/// Adds an asset to the first part, from this one on, that can have it, or to a new one; the number of that.
fn add<'a>(parts: &mut Vec<Part<'a>>, kind: Option<usize>, from: usize, asset: &'a AssetKey) -> usize {
    let at = find(parts, kind, from).unwrap_or(parts.len());
    if at == parts.len() {
        parts.push(Part { kind, assets: Vec::new() });
    }
    parts[at].kind = parts[at].kind.or(kind);
    if !parts[at].assets.contains(&asset) {
        parts[at].assets.push(asset);
    }
    at
}

/// The first of these, from this one on, that can make something of a kind: what has no partitions any of them makes.
fn find(parts: &[Part<'_>], kind: Option<usize>, from: usize) -> Option<usize> {
    let fits = |part: &Part<'_>| part.kind.is_none() || kind.is_none() || part.kind == kind;
    (from..parts.len()).find(|&at| fits(&parts[at]))
}

/// The kind that a run for a group is told: the one that it follows from, or if there are several its own.
fn kind(plan: &Plan, groups: &[usize], roots: &[Vec<usize>], group: usize) -> usize {
    let (mut found, mut seen, mut open) = (BTreeSet::new(), BTreeSet::from([group]), vec![group]);
    while let Some(next) = open.pop() {
        found.extend(roots.iter().find(|part| part.contains(&next)).map(|part| part[0]));
        let maps = (0..groups.len()).filter(|&at| groups[at] == next);
        let from = maps.flat_map(|at| &plan.partitions[at].from).map(|from| groups[from.partitions]);
        open.extend(from.filter(|from| seen.insert(*from)));
    }
    match found.len() {
        1 => found.first().copied().unwrap_or(group),
        _ => group,
    }
}
