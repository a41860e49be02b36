use std::collections::{BTreeSet, HashMap};

use super::lineage::AssetGraph;
use super::partitioned::is_aligned;
use crate::partition::PartitionMapping;
use crate::select::Selectable as _;

/// Assets that are made together, partition by partition: those of one definition that take each other's same partition and need
/// the same of others, and those that one step makes. One that takes earlier partitions of its own is apart, and so is one without
/// partitions.
#[derive(Debug)]
pub(crate) struct AssetGroup {
    /// By their numbers, each after all that it is made of.
    pub(crate) assets: Vec<usize>,
    /// What they are made of in other groups.
    pub(crate) takes: Vec<TakenGroup>,
}

/// That a group is made of partitions of another one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakenGroup {
    /// By its number, which is less than that of the group; its own if its partitions take earlier ones.
    pub(crate) group: usize,
    /// The asset of it, by its number.
    pub(crate) asset: usize,
    /// The mapping; none for the one that follows from the definitions.
    pub(crate) mapping: Option<PartitionMapping>,
}

/// Assets that are joined so far, and what of others each of them needs, directly or by way of one of them.
#[derive(Default)]
struct Joined {
    assets: Vec<usize>,
    needs: Vec<Taken>,
}

/// An asset, and which partitions of it.
type Taken = (usize, Option<PartitionMapping>);

/// The groups of what is `made`, each after those that it is made of; of assets that are not made `alike`, of the same partitions,
/// each is in another one.
///
/// All of a group waits for what one of it waits for, and what that has failed to make excludes all of it. So only those are joined that
/// need the same of others; then no two groups wait for each other either. And what takes earlier partitions of its own is made
/// one after the other: were others in its group, so would they be.
pub(crate) fn groups(
    graph: &AssetGraph,
    made: impl Fn(usize) -> bool,
    alike: impl Fn(usize, usize) -> bool,
) -> Vec<AssetGroup> {
    let mut groups: Vec<Joined> = Vec::new();
    for &number in graph.order().iter().filter(|&&number| is_made(graph, &made, number)) {
        let of_step =
            |group: &&mut Joined| graph.together(number).iter().any(|one| group.assets.contains(one));
        if let Some(group) = groups.iter_mut().find(of_step) {
            // It is made of the same.
            group.assets.push(number);
            continue;
        }
        let may_join =
            |other: usize| alike(number, other) && !is_chained(graph, number) && !is_chained(graph, other);
        let taken = taken(graph, &made, number);
        let is_near = |group: &Joined| {
            taken.iter().any(|((other, _), same)| *same && may_join(*other) && group.assets.contains(other))
        };
        let (near, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_near);
        let within = |other: usize| near.iter().any(|group| group.assets.contains(&other));
        let of_others = taken.iter().filter(|((other, _), same)| !(*same && within(*other)));
        let of_others: Vec<_> = of_others.map(|(taken, _)| taken.clone()).collect();
        groups = apart;
        let joins =
            |group: &Joined| is_alike(&group.needs, &near[0].needs) && covers(&group.needs, &of_others);
        if !near.is_empty() && near.iter().all(joins) {
            let mut joined = Joined::default();
            for group in near {
                joined.assets.extend(group.assets);
                joined.needs = group.needs;
            }
            joined.assets.push(number);
            groups.push(joined);
        } else {
            groups.extend(near);
            let needs = taken.into_iter().map(|(taken, _)| taken).collect();
            groups.push(Joined { assets: vec![number], needs });
        }
    }
    order(graph, groups.into_iter().map(|group| group.assets).collect())
}

fn covers(needs: &[Taken], others: &[Taken]) -> bool {
    others.iter().all(|one| needs.contains(one))
}

fn is_alike(one: &[Taken], other: &[Taken]) -> bool {
    covers(one, other) && covers(other, one)
}

/// What of what is made an asset takes, and whether that is the very partition that it makes.
fn taken(graph: &AssetGraph, made: &impl Fn(usize) -> bool, number: usize) -> Vec<(Taken, bool)> {
    let asset = &graph.assets()[number];
    let taken = asset.dependencies.iter().filter_map(|dependency| {
        let other = graph.number(dependency.asset().key()).filter(|&other| is_made(graph, made, other))?;
        let same = is_aligned(asset.partitions.as_ref(), dependency);
        Some(((other, dependency.mapping.clone()), same))
    });
    taken.collect()
}

fn is_made(graph: &AssetGraph, made: &impl Fn(usize) -> bool, number: usize) -> bool {
    made(number) && !graph.assets()[number].is_external()
}

/// Whether an asset takes earlier partitions of its own, or another one that the same step makes does.
fn is_chained(graph: &AssetGraph, number: usize) -> bool {
    graph.together(number).iter().any(|&one| !graph.assets()[one].own.is_empty())
}

/// Puts each group after those that it is made of, and otherwise as the assets were listed.
fn order(graph: &AssetGraph, mut groups: Vec<Vec<usize>>) -> Vec<AssetGroup> {
    groups.iter_mut().for_each(|group| group.sort_by_key(|&number| graph.place_of(number)));
    groups.sort_by_key(|group| group.iter().min().copied());
    let group_of: HashMap<usize, usize> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, assets)| assets.iter().map(move |&one| (one, group)))
        .collect();
    let upstream = |group: usize| -> BTreeSet<usize> {
        let others = groups[group].iter().flat_map(|&number| graph.upstream(number));
        others.filter_map(|other| group_of.get(other).copied()).filter(|&other| other != group).collect()
    };
    let upstream: Vec<BTreeSet<usize>> = (0..groups.len()).map(upstream).collect();
    let mut downstream = vec![Vec::new(); groups.len()];
    for (group, others) in upstream.iter().enumerate() {
        others.iter().for_each(|&other| downstream[other].push(group));
    }
    let mut waits: Vec<usize> = upstream.iter().map(BTreeSet::len).collect();
    // There is always one: no two groups wait for each other.
    let mut ready: BTreeSet<usize> = (0..groups.len()).filter(|&group| waits[group] == 0).collect();
    let (mut ordered, mut place): (Vec<AssetGroup>, _) = (Vec::new(), vec![0; groups.len()]);
    while let Some(group) = ready.pop_first() {
        place[group] = ordered.len();
        let mut others: Vec<usize> = upstream[group].iter().map(|&other| place[other]).collect();
        others.sort_unstable();
        let of_others = others.into_iter().flat_map(|other| {
            let taken = between(graph, &groups[group], &ordered[other].assets);
            taken.into_iter().map(move |(asset, mapping)| TakenGroup { group: other, asset, mapping })
        });
        let of_own = groups[group].iter().flat_map(|&asset| {
            let own = graph.assets()[asset].own.iter();
            own.map(move |own| (asset, Some(own.mapping.clone())))
        });
        let of_own = of_own.map(|(asset, mapping)| TakenGroup { group: place[group], asset, mapping });
        let mut takes = Vec::new();
        for taken in of_others.chain(of_own) {
            if !takes.contains(&taken) {
                takes.push(taken);
            }
        }
        ordered.push(AssetGroup { assets: groups[group].clone(), takes });
        for &next in &downstream[group] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.insert(next);
            }
        }
    }
    ordered
}

/// Which assets of another group are taken, and how.
fn between(graph: &AssetGraph, group: &[usize], other: &[usize]) -> Vec<(usize, Option<PartitionMapping>)> {
    let dependencies = group.iter().flat_map(|&number| &graph.assets()[number].dependencies);
    let taken = |key| graph.number(key).filter(|number| other.contains(number));
    dependencies.filter_map(|one| Some((taken(one.asset().key())?, one.mapping.clone()))).collect()
}
