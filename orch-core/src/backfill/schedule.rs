use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::units::Units;
use crate::partition::PartitionSet;
use crate::storage::Unit;

/// Which units may begin, and with which of their partitions: a pure state, told how each has ended.
///
/// A unit that waits is found again by one of those that it waits for, the last; when that has ended, it waits for the one that
/// is then the last, or may begin. So an end costs as much as there are units that waited for it. Of what has failed only
/// the partitions that descend from it are excluded; a unit of which others are left waits only for what these need.
#[derive(Debug)]
pub(super) struct Schedule<'a> {
    units: &'a Units,
    /// The partitions by groups, as all that follows.
    done: Vec<PartitionSet>,
    failed: Vec<PartitionSet>,
    /// What failed ones exclude.
    excluded: Vec<PartitionSet>,
    /// Those that wait for a unit.
    waiting: HashMap<Unit, BTreeSet<Unit>>,
    /// The one that a unit waits for.
    waits_for: HashMap<Unit, Unit>,
    /// The furthest downstream first, so that a partition is brought to its end before the next.
    ready: BTreeSet<(Reverse<usize>, u64)>,
    /// In how many units something is left.
    units_left: u64,
}

/// What has become of a backfill so far.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The partitions that are done, by groups.
    pub(super) done: Vec<PartitionSet>,
    /// Those of which something has failed, by groups.
    pub(super) failed: Vec<PartitionSet>,
    /// What of these is not there, or not to be taken, by assets.
    pub(super) lost: Vec<PartitionSet>,
}

impl Outcome {
    /// Nothing has begun.
    pub(super) fn none(units: &Units) -> Self {
        Self { done: units.none(), failed: units.none(), lost: units.none_of_assets() }
    }

    /// These partitions of a group have ended; `lost` is what is not there of each of its assets.
    pub(super) fn end(
        &mut self,
        units: &Units,
        group: usize,
        partitions: &PartitionSet,
        lost: &[PartitionSet],
    ) {
        let mut failed = PartitionSet::new();
        for (asset, lost) in units.assets(group).zip(lost) {
            self.lost[asset] |= lost;
            failed |= lost;
        }
        self.done[group] |= &(partitions - &failed);
        self.failed[group] |= &failed;
    }
}

impl<'a> Schedule<'a> {
    /// Where a backfill stands of which this has ended.
    pub(super) fn new(units: &'a Units, Outcome { done, failed, lost }: Outcome) -> Self {
        let excluded = units.descendants(&lost);
        let excluded =
            excluded.iter().zip(&done).zip(&failed).map(|((set, done), failed)| &(set - done) - failed);
        let excluded = excluded.collect();
        let mut schedule = Self {
            units,
            done,
            failed,
            excluded,
            waiting: HashMap::new(),
            waits_for: HashMap::new(),
            ready: BTreeSet::new(),
            units_left: 0,
        };
        for group in 0..units.groups() {
            for chunk in units.units_of(group, &schedule.left(group)).iter() {
                schedule.units_left += 1;
                schedule.wait(Unit { group, chunk });
            }
        }
        schedule
    }

    /// The partitions of a group that have not ended and are not excluded.
    pub(super) fn left(&self, group: usize) -> PartitionSet {
        self.without_ended(group, self.units.all(group))
    }

    /// Those of a unit.
    pub(super) fn left_of(&self, unit: Unit) -> PartitionSet {
        self.without_ended(unit.group, &self.units.partitions(unit))
    }

    /// In how many units something is left.
    pub(super) fn units_left(&self) -> u64 {
        self.units_left
    }

    /// The partitions of a group that do not begin, since something that they need has failed.
    pub(super) fn excluded(&self, group: usize) -> &PartitionSet {
        &self.excluded[group]
    }

    /// A unit that may begin with what is left of it, each once until it has ended.
    pub(super) fn next(&mut self) -> Option<Unit> {
        let (Reverse(group), chunk) = self.ready.pop_first()?;
        Some(Unit { group, chunk })
    }

    /// These partitions of a unit are done: others may begin.
    pub(super) fn succeed(&mut self, unit: Unit, partitions: &PartitionSet) {
        self.done[unit.group] |= partitions;
        self.end(unit);
    }

    /// A unit has failed with these partitions, and this is not there of each of its assets: all that needs it is excluded, and what
    /// else waited for the unit may begin.
    pub(super) fn fail(&mut self, unit: Unit, partitions: &PartitionSet, lost: &[PartitionSet]) {
        let mut ended = Outcome::none(self.units);
        ended.end(self.units, unit.group, partitions, lost);
        self.done[unit.group] |= &ended.done[unit.group];
        self.failed[unit.group] |= &ended.failed[unit.group];
        let found = self.units.descendants(&ended.lost);
        let excluded: Vec<_> =
            found.iter().enumerate().map(|(group, set)| self.without_ended(group, set)).collect();
        for (group, set) in excluded.iter().enumerate() {
            self.excluded[group] |= set;
        }
        self.end(unit);
        for (group, set) in excluded.iter().enumerate() {
            let within = self.units.units_of(group, set);
            for unit in within.iter().map(|chunk| Unit { group, chunk }).filter(|one| *one != unit) {
                self.exclude(unit);
            }
        }
    }

    /// Some of a unit is excluded: what is left of it, if something is, may need less than what it waits for.
    fn exclude(&mut self, unit: Unit) {
        if let Some(needed) = self.waits_for.remove(&unit) {
            self.waiting.entry(needed).or_default().remove(&unit);
        }
        self.end(unit);
    }

    /// Looks again at those that wait for a unit, and at what is left of it.
    fn end(&mut self, unit: Unit) {
        self.wake(unit);
        match self.left_of(unit).is_empty() {
            true => self.units_left -= 1,
            false => self.wait(unit),
        }
    }

    /// Looks again at those that wait for a unit.
    fn wake(&mut self, unit: Unit) {
        for waiting in self.waiting.remove(&unit).unwrap_or_default() {
            self.waits_for.remove(&waiting);
            self.wait(waiting);
        }
    }

    /// Has a unit wait for the last that it needs and that has not ended; if there is none, it may begin.
    fn wait(&mut self, unit: Unit) {
        let left = self.left_of(unit);
        if left.is_empty() {
            return;
        }
        let needed = (!self.units.is_free(unit.group)).then(|| self.needed(unit, &left)).flatten();
        match needed {
            Some(needed) => {
                self.waiting.entry(needed).or_default().insert(unit);
                self.waits_for.insert(unit, needed);
            }
            None => _ = self.ready.insert((Reverse(unit.group), unit.chunk)),
        }
    }

    fn needed(&self, unit: Unit, partitions: &PartitionSet) -> Option<Unit> {
        self.units.needs(unit, partitions).find_map(|(group, needed)| {
            let last = self.without_ended(group, &needed).last()?;
            let chunk = self.units.units_of(group, &PartitionSet::from_iter([last])).last()?;
            Some(Unit { group, chunk })
        })
    }

    fn without_ended(&self, group: usize, partitions: &PartitionSet) -> PartitionSet {
        let mut left = partitions - &self.done[group];
        // Most backfills have none of these, and it is asked for each unit.
        for ended in [&self.failed[group], &self.excluded[group]].into_iter().filter(|set| !set.is_empty()) {
            left = &left - ended;
        }
        left
    }
}
