use std::collections::{HashMap, HashSet};

use super::ForPartitions;
use crate::ids::MappingKey;
use crate::partition::{Keyspace, Link, PartitionError};
use crate::plan::{LoadedPartitions, Plan};
use crate::storage::PinnedPartitions;

/// Which partitions of what reads others take some of those, of those that a run is for, as it has pinned them: by the step that reads. Of one without
/// partitions, or where that cannot be found out, none are told.
pub(in crate::run) fn taken_by_key<'a>(
    plan: &'a Plan,
    pinned: Option<&'a PinnedPartitions>,
) -> impl Fn(usize, &HashSet<MappingKey>) -> Option<HashSet<MappingKey>> + 'a {
    let run = pinned.and_then(|pinned| {
        ForPartitions::of(plan, pinned.selection.as_deref(), pinned.now, pinned.keys.clone()).ok()
    });
    let links: HashMap<usize, (Keyspace, Keyspace, Link)> = plan
        .steps
        .iter()
        .enumerate()
        .filter_map(|(number, step)| {
            let of = step.loads.as_ref()?.partitions.as_ref()?;
            Some((number, link(plan, of, pinned?).ok()??))
        })
        .collect();
    move |step, made| {
        let ((up, down, link), pinned) = (links.get(&step)?, pinned?);
        let made = made.iter().filter_map(|key| up.find(&key.to_string())).collect();
        let mut taking = link.downstream_of(&made, pinned.now);
        let within = plan.steps[step].loads.as_ref()?.partitions.as_ref()?.within?;
        if let Some(run) = run.as_ref().and_then(|run| run.of.get(within)) {
            taking = &taking & &run.set;
        }
        taking.iter().map(|index| Some(down.key_of(index).ok()?.as_str().into())).collect()
    }
}

/// How what a step reads follows from its own partition; none of what has none.
fn link(
    plan: &Plan,
    of: &LoadedPartitions,
    pinned: &PinnedPartitions,
) -> Result<Option<(Keyspace, Keyspace, Link)>, PartitionError> {
    let Some(within) = of.within.and_then(|within| plan.partitions.get(within)) else { return Ok(None) };
    let (up, down) = (of.definition.resolve(&pinned.keys)?, within.definition.resolve(&pinned.keys)?);
    let link = Link::new(of.mapping.as_ref(), Some(&up), Some(&down))?;
    Ok(Some((up, down, link)))
}
