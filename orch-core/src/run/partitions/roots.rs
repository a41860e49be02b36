use crate::partition::{PartitionError, PartitionSet};
use crate::plan::{ExternalPartitions, Plan};

/// The external asset of whose partitions the run is told for which it is, where several kinds follow from no other one that it
/// makes: if each of these is that of the asset, or is made of partitions of it. None if there is no such asset, or if it could be
/// one of several with other partitions each.
pub(super) fn external<'a>(
    plan: &'a Plan,
    groups: &[usize],
    roots: &[usize],
) -> Option<&'a ExternalPartitions> {
    let is_of = |root: usize, one: &ExternalPartitions| plan.partitions[root].definition == one.definition;
    let fits = |one: &&ExternalPartitions| {
        let takes =
            |root: usize| externals(plan, groups, root).any(|(_, of)| of.definition == one.definition);
        roots.iter().all(|&root| is_of(root, one) || takes(root))
    };
    let fitting =
        roots.iter().flat_map(|&root| externals(plan, groups, root)).map(|(_, one)| one).filter(fits);
    // One with the partitions of what is made is told as if that were the only kind.
    let (own, others): (Vec<_>, Vec<_>) = fitting.partition(|one| roots.iter().any(|&root| is_of(root, one)));
    let fitting = if own.is_empty() { others } else { own };
    let first = *fitting.first()?;
    fitting.iter().all(|one| one.definition == first.definition).then_some(first)
}

/// Which of several kinds one run can be told at once: each that follows from no other with those that have one external asset in common.
pub(super) fn together(plan: &Plan, groups: &[usize], roots: &[usize]) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for &root in roots {
        let fits = |part: &&mut Vec<usize>| external(plan, groups, &[&part[..], &[root]].concat()).is_some();
        match parts.iter_mut().find(fits) {
            Some(part) => part.push(root),
            None => parts.push(vec![root]),
        }
    }
    parts
}

/// What of a kind follows from partitions of an external asset, by what each of its maps says of it; none if the kind is that of the
/// asset itself.
pub(super) fn follows(
    plan: &Plan,
    groups: &[usize],
    root: usize,
    external: &ExternalPartitions,
    downstream: impl Fn(&ExternalPartitions, usize) -> Result<PartitionSet, PartitionError>,
) -> Result<Option<PartitionSet>, PartitionError> {
    if plan.partitions[root].definition == external.definition {
        return Ok(None);
    }
    let mut found = PartitionSet::new();
    for (number, of) in externals(plan, groups, root) {
        if of.definition == external.definition {
            found |= &downstream(of, number)?;
        }
    }
    Ok(Some(found))
}

/// The external assets of whose partitions a kind is made, each with the number of the map that is.
fn externals<'a>(
    plan: &'a Plan,
    groups: &[usize],
    root: usize,
) -> impl Iterator<Item = (usize, &'a ExternalPartitions)> {
    let maps = (0..groups.len()).filter(move |&at| groups[at] == root);
    maps.flat_map(|at| plan.partitions[at].external.iter().map(move |one| (at, one)))
}
