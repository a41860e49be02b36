use super::lineage::AssetGraph;
use super::partitioned::{is_aligned, levels};
use crate::partition::PartitionMapping;
use crate::select::Selectable as _;

/// Assets that are made together, partition by partition: those of one definition that take each other's same partition, and
/// those that one step makes. One that takes earlier partitions of its own is apart, and so is one without partitions.
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

/// The groups of what is `made`, each after those that it is made of; of assets that are not made `alike`, of the same partitions,
/// each is in another one.
///
/// What takes earlier partitions of its own is made one after the other: were others in its group, theirs would be too, and one that
/// failed would keep back what does not need it. Where an asset takes the same partition of another one and, in a round about way,
/// further ones, they are apart, as they stand in maps of different levels in one run: so no two groups wait for each other.
pub(crate) fn groups(
    graph: &AssetGraph,
    made: impl Fn(usize) -> bool,
    alike: impl Fn(usize, usize) -> bool,
) -> Vec<AssetGroup> {
    let levels: Vec<_> = levels(graph, &made).into_iter().zip(turns(graph, &made, alike)).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &number in graph.order().iter().filter(|&&number| is_made(graph, &made, number)) {
        let joins = |group: &Vec<usize>| {
            group.iter().any(|&other| {
                // What one step makes is made of the same, and so of one level.
                graph.together(number).contains(&other)
                    || levels[other] == levels[number] && takes_same(graph, number, other)
            })
        };
        let (joined, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(joins);
        groups = apart;
        let mut group: Vec<usize> = joined.into_iter().flatten().collect();
        group.push(number);
        groups.push(group);
    }
    order(graph, groups)
}

/// How often what is made turns to other partitions on the way to each asset, or to such as are made one after the other, at most: as
/// with levels, what is taken directly and in a round about way is apart.
fn turns(
    graph: &AssetGraph,
    made: &impl Fn(usize) -> bool,
    alike: impl Fn(usize, usize) -> bool,
) -> Vec<usize> {
    let mut turns = vec![0; graph.assets().len()];
    for &number in graph.order().iter().filter(|&&number| is_made(graph, made, number)) {
        let taken = graph.upstream(number).iter().filter(|&&other| is_made(graph, made, other));
        let joins = |other| alike(number, other) && !is_chained(graph, number) && !is_chained(graph, other);
        let taken = taken.map(|&other| turns[other] + usize::from(!joins(other)));
        turns[number] = taken.max().unwrap_or_default();
    }
    turns
}

fn is_made(graph: &AssetGraph, made: &impl Fn(usize) -> bool, number: usize) -> bool {
    made(number) && !graph.assets()[number].is_external()
}

/// Whether an asset takes earlier partitions of its own, or another one that the same step makes does.
fn is_chained(graph: &AssetGraph, number: usize) -> bool {
    graph.together(number).iter().any(|&one| !graph.assets()[one].own.is_empty())
}

/// Whether an asset takes the very partition of another one that it makes.
fn takes_same(graph: &AssetGraph, number: usize, other: usize) -> bool {
    let (asset, other) = (&graph.assets()[number], &graph.assets()[other]);
    let mut of = asset.dependencies.iter().filter(|one| one.asset().key() == other.key());
    of.any(|dependency| is_aligned(asset.partitions.as_ref(), dependency))
}

/// Puts each group after those that it is made of, and otherwise as the assets were listed.
fn order(graph: &AssetGraph, mut left: Vec<Vec<usize>>) -> Vec<AssetGroup> {
    let place = |number: &usize| graph.order().iter().position(|other| other == number);
    left.iter_mut().for_each(|group| group.sort_by_key(place));
    left.sort_by_key(|group| group.iter().min().copied());
    let mut ordered: Vec<AssetGroup> = Vec::new();
    while !left.is_empty() {
        let waits = |group: &[usize]| {
            left.iter().any(|other| other.as_slice() != group && !between(graph, group, other).is_empty())
        };
        // There is always one: no two groups wait for each other.
        let next = left.iter().position(|group| !waits(group)).unwrap_or(0);
        let assets = left.remove(next);
        let mut takes = Vec::new();
        for (number, group) in ordered.iter().enumerate() {
            for (asset, mapping) in between(graph, &assets, &group.assets) {
                let taken = TakenGroup { group: number, asset, mapping };
                if !takes.contains(&taken) {
                    takes.push(taken);
                }
            }
        }
        for (asset, own) in
            assets.iter().flat_map(|&asset| graph.assets()[asset].own.iter().map(move |own| (asset, own)))
        {
            let taken = TakenGroup { group: ordered.len(), asset, mapping: Some(own.mapping.clone()) };
            if !takes.contains(&taken) {
                takes.push(taken);
            }
        }
        ordered.push(AssetGroup { assets, takes });
    }
    ordered
}

/// Which assets of another group are taken, and how.
fn between(graph: &AssetGraph, group: &[usize], other: &[usize]) -> Vec<(usize, Option<PartitionMapping>)> {
    let dependencies = group.iter().flat_map(|&number| &graph.assets()[number].dependencies);
    let taken = |key| graph.number(key).filter(|number| other.contains(number));
    dependencies.filter_map(|one| Some((taken(one.asset().key())?, one.mapping.clone()))).collect()
}
