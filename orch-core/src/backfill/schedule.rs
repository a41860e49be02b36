use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::units::{Units, one};
use crate::partition::PartitionSet;
use crate::storage::Unit;

/// Which units may begin: a pure state, told how each has ended.
///
/// A unit that waits is found again by one of those that it waits for, the last; when that is done, it waits for the one that
/// is then the last, or may begin. So an end costs as much as there are units that waited for it.
#[derive(Debug)]
pub(super) struct Schedule<'a> {
    units: &'a Units,
    /// By groups, as all that follows.
    done: Vec<PartitionSet>,
    failed: Vec<PartitionSet>,
    /// What failed ones exclude.
    excluded: Vec<PartitionSet>,
    waiting: HashMap<Unit, Vec<Unit>>,
    /// The furthest downstream first, so that a partition is brought to its end before the next.
    ready: BTreeSet<(Reverse<usize>, u64)>,
}

impl<'a> Schedule<'a> {
    /// Where a backfill stands of which these units are done and these have failed.
    pub(super) fn new(
        units: &'a Units,
        done: impl IntoIterator<Item = Unit>,
        failed: impl IntoIterator<Item = Unit>,
    ) -> Self {
        let by_group = |these: &mut dyn Iterator<Item = Unit>| {
            let mut sets = vec![PartitionSet::new(); units.groups()];
            these.filter(|unit| units.has(*unit)).for_each(|unit| _ = sets[unit.group].insert(unit.chunk));
            sets
        };
        let done = by_group(&mut done.into_iter());
        let failed = by_group(&mut failed.into_iter());
        let excluded = units.descendants(&failed);
        let excluded =
            excluded.iter().zip(&done).zip(&failed).map(|((set, done), failed)| &(set - done) - failed);
        let excluded = excluded.collect();
        let mut schedule =
            Self { units, done, failed, excluded, waiting: HashMap::new(), ready: BTreeSet::new() };
        for group in 0..units.groups() {
            for chunk in schedule.left(group).iter() {
                schedule.wait(Unit { group, chunk });
            }
        }
        schedule
    }

    /// The units of a group that have not ended and are not excluded.
    pub(super) fn left(&self, group: usize) -> PartitionSet {
        let all = PartitionSet::from(0..self.units.count(group));
        &(&(&all - &self.done[group]) - &self.failed[group]) - &self.excluded[group]
    }

    /// The units of a group that have failed.
    pub(super) fn failed(&self, group: usize) -> &PartitionSet {
        &self.failed[group]
    }

    /// The units of a group that do not begin, since one that they need has failed.
    pub(super) fn excluded(&self, group: usize) -> &PartitionSet {
        &self.excluded[group]
    }

    /// The units of a group that are done.
    pub(super) fn done(&self, group: usize) -> &PartitionSet {
        &self.done[group]
    }

    /// A unit that may begin, each once.
    pub(super) fn next(&mut self) -> Option<Unit> {
        let (Reverse(group), chunk) = self.ready.pop_first()?;
        Some(Unit { group, chunk })
    }

    /// A unit is done: others may begin.
    pub(super) fn succeed(&mut self, unit: Unit) {
        self.done[unit.group].insert(unit.chunk);
        for waiting in self.waiting.remove(&unit).unwrap_or_default() {
            self.wait(waiting);
        }
    }

    /// A unit has failed: all that needs it is excluded.
    pub(super) fn fail(&mut self, unit: Unit) {
        self.failed[unit.group].insert(unit.chunk);
        self.waiting.remove(&unit);
        let mut failed = vec![PartitionSet::new(); self.units.groups()];
        failed[unit.group] = one(unit.chunk);
        for (group, set) in self.units.descendants(&failed).iter().enumerate() {
            self.excluded[group] |= &(set - &self.done[group]);
        }
    }

    /// Has a unit wait for the last that it needs and that is not done; if there is none, it may begin.
    fn wait(&mut self, unit: Unit) {
        if self.excluded[unit.group].contains(unit.chunk) {
            return;
        }
        let needed = (!self.units.is_free(unit.group)).then(|| self.undone(unit)).flatten();
        match needed {
            Some(needed) => self.waiting.entry(needed).or_default().push(unit),
            None => _ = self.ready.insert((Reverse(unit.group), unit.chunk)),
        }
    }

    fn undone(&self, unit: Unit) -> Option<Unit> {
        self.units.needs(unit).find_map(|(group, chunks)| {
            let chunk = (&chunks - &self.done[group]).last()?;
            Some(Unit { group, chunk })
        })
    }
}
