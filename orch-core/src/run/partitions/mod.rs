//! The partitions that a run is for, and what its steps read of others.

mod asked;
mod journal;
mod keys;
mod kinds;
mod load;
mod looked;
mod missing;
mod mistakes;
mod reader;
mod reading;
mod roots;
mod status;
mod stopped;
mod takers;
mod unpassed;
mod whole;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::define::RunPartitions;
use crate::partition::{KeySets, Keyspace, Link, PartitionError, PartitionSet};
use crate::plan::{Plan, PlannedPartitions, Problem};
use crate::storage::PinnedPartitions;

pub(super) use journal::Telling;
pub(super) use keys::{key_sets, keys_of};
pub(super) use missing::Lacking;
pub(super) use mistakes::asset_of;
pub(super) use reader::{Reader, latest_of};
pub(super) use takers::taken_by_key;
pub(super) use unpassed::Unpassed;
pub(super) use whole::Whole;

/// The partitions of a run, as many sets as its plan has.
#[derive(Default)]
pub(super) struct ForPartitions {
    /// By the number that they have in the plan.
    pub(super) of: Vec<Arc<RunPartitions>>,
    /// What the run was told, with all that depends on the clock spelled out; none if its plan has no partitions.
    pub(super) pinned: Option<PinnedPartitions>,
    /// The keys of dynamic partitions, as the run takes them.
    pub(super) keys: KeySets,
    /// Whether the run goes on from one that took partitions before.
    pub(super) goes_on: bool,
}

impl ForPartitions {
    /// Finds the partitions that a run is for: those that it is `told`, of the definition that all others of its plan follow
    /// from, as they are `now` with these keys.
    pub(super) fn of(
        plan: &Plan,
        told: Option<&str>,
        now: Timestamp,
        keys: KeySets,
    ) -> Result<Self, Vec<Problem>> {
        // What is looked at since something takes it, the run is not told.
        let is_taken = |number: usize| !plan.partitions[number].takers.is_empty();
        let first = (0..plan.partitions.len()).find(|&number| !is_taken(number));
        if let (None, Some(told)) = (first, told) {
            return Err(vec![mistakes::not_partitioned(plan, told)]);
        }
        let reads = || {
            plan.steps.iter().any(|step| step.loads.as_ref().is_some_and(|asset| asset.partitions.is_some()))
        };
        if plan.partitions.is_empty() && !reads() {
            return Ok(Self::default());
        }
        let refuse =
            |of: &PlannedPartitions, error: &PartitionError| vec![mistakes::refused(plan, of, error)];
        let mut spaces = Vec::new();
        for of in &plan.partitions {
            spaces.push(of.definition.resolve(&keys).map_err(|error| refuse(of, &error))?);
        }
        // Maps of one definition have the same partitions, but for those that are looked at since something takes them.
        let group = |number: usize| {
            let is_same = |other: &usize| {
                !is_taken(*other) && plan.partitions[*other].definition == plan.partitions[number].definition
            };
            (0..number).find(is_same).filter(|_| !is_taken(number))
        };
        let groups: Vec<usize> =
            (0..plan.partitions.len()).map(|number| group(number).unwrap_or(number)).collect();
        let is_told = |group: usize| {
            let is_root = |of: &PlannedPartitions| of.from.is_empty() && of.takers.is_empty();
            (0..groups.len()).any(|at| groups[at] == group && is_root(&plan.partitions[at]))
        };
        let roots: Vec<usize> = (0..groups.len()).filter(|&at| groups[at] == at && is_told(at)).collect();
        let mut sets: Vec<Option<PartitionSet>> = vec![None; groups.len()];
        let mut selection = None;
        // Of none there is no text but that of all, and with this time and these keys these are none too.
        let shown = |space: &Keyspace, set: &PartitionSet| {
            if set.is_empty() { "*".to_owned() } else { space.show(set) }
        };
        if let [_, _, ..] = roots[..] {
            let Some(external) = roots::external(plan, &groups, &roots) else {
                let parts = roots::together(plan, &groups, &roots);
                let space = |part: &[usize]| match roots::external(plan, &groups, part) {
                    Some(external) if part.len() > 1 => external.definition.resolve(&keys).ok(),
                    _ => Some(spaces[part[0]].clone()),
                };
                let is_for = |root: usize| {
                    let part = parts.iter().find(|part| part.contains(&root));
                    let space = part.map_or_else(|| Some(spaces[root].clone()), |part| space(part))?;
                    told.filter(|told| space.select(told, now).is_ok())
                };
                let runs = kinds::runs(plan, &groups, &parts, is_for);
                return Err(vec![mistakes::two_roots(plan, &parts, &runs)]);
            };
            let space = external.definition.resolve(&keys);
            let space = space.map_err(|error| vec![mistakes::refused_of(plan, &roots, external, &error)])?;
            let Some(told) = told else {
                return Err(vec![mistakes::untold_of(plan, &roots, external, (&space, now))]);
            };
            let set = space.select(told, now);
            let set = set.map_err(|error| vec![mistakes::refused_of(plan, &roots, external, &error)])?;
            for &root in &roots {
                let follows = roots::follows(plan, &groups, root, external, |of, number| {
                    let link = Link::new(of.mapping.as_ref(), Some(&space), Some(&spaces[number]))?;
                    Ok(link.downstream_of(&set, now))
                });
                let follows = follows.map_err(|error| refuse(&plan.partitions[root], &error))?;
                sets[root] = Some(follows.unwrap_or_else(|| set.clone()));
            }
            selection = Some(shown(&space, &set));
        } else if let (Some(first), Some(root)) = (first, roots.first().copied().or(first)) {
            let first = &plan.partitions[first];
            let Some(told) = told else {
                return Err(vec![mistakes::untold(plan, first, &spaces[root], now)]);
            };
            let set =
                spaces[root].select(told, now).map_err(|error| refuse(&plan.partitions[root], &error))?;
            selection = Some(shown(&spaces[root], &set));
            sets[root] = Some(set);
        }
        let pinned = PinnedPartitions { selection, now, keys: keys.clone() };
        // What follows from others is found once all of these are; if they wait for each other, once one of them is.
        let next = |sets: &[Option<PartitionSet>]| {
            let open = |at: &usize| groups[*at] == *at && sets[*at].is_none();
            let all = vec![Some(PartitionSet::new()); groups.len()];
            let found = |at: &usize| follows(plan, &groups, sets, *at).len();
            let whole = |at: &usize| found(at) == follows(plan, &groups, &all, *at).len();
            let mut ready: Vec<usize> = (0..groups.len()).filter(open).filter(|at| found(at) > 0).collect();
            ready.sort_by_key(|at| !whole(at));
            ready.first().copied()
        };
        while let Some(next) = next(&sets) {
            let mut found = PartitionSet::new();
            for (number, from) in follows(plan, &groups, &sets, next) {
                let link =
                    Link::new(from.mapping.as_ref(), Some(&spaces[from.partitions]), Some(&spaces[number]))
                        .map_err(|error| refuse(&plan.partitions[number], &error))?;
                if let Some(upstream) = &sets[groups[from.partitions]] {
                    found |= &link.downstream_of(upstream, now);
                }
            }
            sets[next] = Some(found);
        }
        for (number, of) in plan.partitions.iter().enumerate().filter(|(number, _)| is_taken(*number)) {
            let mut found = PartitionSet::new();
            for taker in &of.takers {
                let within = taker.partitions.map(|within| &spaces[within]);
                let link = Link::new(taker.mapping.as_ref(), Some(&spaces[number]), within)
                    .map_err(|error| refuse(of, &error))?;
                let set = taker.partitions.map(|within| sets[groups[within]].clone().unwrap_or_default());
                // What has no partitions is one.
                let set = set.unwrap_or_else(|| PartitionSet::from_iter([0]));
                // That some of them do not exist is told of who takes them.
                found |= &link.upstream_of(&set, now).keys;
            }
            sets[number] = Some(found);
        }
        let of = spaces.into_iter().zip(&groups).map(|(keyspace, &group)| {
            let set = sets[group].clone().unwrap_or_default();
            Arc::new(RunPartitions { keyspace, set })
        });
        Ok(Self { of: of.collect(), pinned: Some(pinned), keys, goes_on: false })
    }

    /// By the steps that give them.
    pub(super) fn by_step(&self, plan: &Plan) -> HashMap<usize, Arc<RunPartitions>> {
        plan.partitions.iter().map(|of| of.step).zip(self.of.iter().cloned()).collect()
    }
}

/// What the maps of a group follow from, of which the partitions are known.
fn follows<'a>(
    plan: &'a Plan,
    groups: &[usize],
    sets: &[Option<PartitionSet>],
    group: usize,
) -> Vec<(usize, &'a crate::plan::PartitionsFrom)> {
    let of_group = (0..groups.len()).filter(|&at| groups[at] == group);
    let from = of_group.flat_map(|at| plan.partitions[at].from.iter().map(move |from| (at, from)));
    from.filter(|(_, from)| groups[from.partitions] != group && sets[groups[from.partitions]].is_some())
        .collect()
}
