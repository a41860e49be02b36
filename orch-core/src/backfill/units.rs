use std::num::NonZero;
use std::ops::Range;

use jiff::Timestamp;

use crate::partition::{KeySets, Keyspace, Link, PartitionError, PartitionSet};
use crate::storage::{BackfillRecord, BackfillTakes, Unit};

/// The units of a backfill and what each needs of others: pure arithmetic of what was pinned, so that it is the same for
/// whoever asks, whenever.
///
/// The partitions of a group are cut into stretches of `per`, in the order of their keys, of which each is a unit. What a unit
/// needs is computed when someone asks, as sets of partitions; nothing is kept for each.
#[derive(Debug)]
pub(super) struct Units {
    groups: Vec<Group>,
    /// How many assets there are in all groups.
    assets: usize,
    now: Timestamp,
}

#[derive(Debug)]
struct Group {
    /// The numbers of its assets among those of all groups.
    assets: Range<usize>,
    /// None of an asset without partitions, which is one, of index 0.
    space: Option<Keyspace>,
    set: PartitionSet,
    /// The first partition of each stretch.
    starts: Vec<u64>,
    takes: Vec<Taken>,
}

/// What a group is made of.
#[derive(Debug)]
struct Taken {
    /// The group; its own, if its partitions take earlier ones.
    group: usize,
    /// The numbers of the assets of that.
    assets: Range<usize>,
    link: Link,
}

impl Units {
    /// The units of a backfill.
    ///
    /// # Errors
    /// If what was pinned cannot be read: it was made by a program that knew other definitions.
    pub(super) fn of(record: &BackfillRecord) -> Result<Self, PartitionError> {
        let now = record.created;
        let keys = pinned_keys(record);
        let mut units = Self { groups: Vec::new(), assets: 0, now };
        for (number, group) in record.groups.iter().enumerate() {
            let space = group.definition.as_ref().map(|one| one.resolve(&keys)).transpose()?;
            let set = match (&space, &group.partitions) {
                (Some(space), Some(selection)) => space.select(selection, now)?,
                (Some(_), None) => PartitionSet::new(),
                (None, _) => PartitionSet::from(0..1),
            };
            let starts = starts(&set, record.per);
            let assets = units.assets..units.assets + group.assets.len();
            units.assets = assets.end;
            units.groups.push(Group { assets, starts, space, set, takes: Vec::new() });
            let takes = group.takes.iter().map(|taken| units.taken(record, number, taken));
            units.groups[number].takes = takes.collect::<Result<_, _>>()?;
        }
        Ok(units)
    }

    fn taken(
        &self,
        record: &BackfillRecord,
        number: usize,
        BackfillTakes { group, asset, mapping }: &BackfillTakes,
    ) -> Result<Taken, PartitionError> {
        let space = |group: usize| self.groups.get(group).and_then(|group| group.space.as_ref());
        let link = Link::new(mapping.as_ref(), space(*group), space(number))?;
        let (all, keys) = (self.assets(*group), &record.groups[*group].assets);
        let at = asset.as_ref().and_then(|asset| keys.iter().position(|key| key == asset));
        let assets = at.map_or(all.clone(), |at| all.start + at..all.start + at + 1);
        Ok(Taken { group: *group, assets, link })
    }

    /// The partitions of each group that has some.
    pub(super) fn spaces(&self) -> impl Iterator<Item = (&Keyspace, &PartitionSet)> {
        self.groups.iter().filter_map(|group| Some((group.space.as_ref()?, &group.set)))
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The numbers of the assets of a group among those of all.
    pub(super) fn assets(&self, group: usize) -> Range<usize> {
        self.groups[group].assets.clone()
    }

    /// An empty set for each group.
    pub(super) fn none(&self) -> Vec<PartitionSet> {
        vec![PartitionSet::new(); self.groups()]
    }

    /// An empty set for each asset.
    pub(super) fn none_of_assets(&self) -> Vec<PartitionSet> {
        vec![PartitionSet::new(); self.assets]
    }

    /// How many units a group has.
    pub(super) fn count(&self, group: usize) -> u64 {
        self.groups[group].starts.len() as u64
    }

    /// How many units there are in all.
    pub(super) fn len(&self) -> u64 {
        (0..self.groups()).map(|group| self.count(group)).sum()
    }

    /// Whether there is such a unit.
    pub(super) fn has(&self, unit: Unit) -> bool {
        unit.group < self.groups() && unit.chunk < self.count(unit.group)
    }

    /// Whether a group needs nothing of others.
    pub(super) fn is_free(&self, group: usize) -> bool {
        self.groups[group].takes.is_empty()
    }

    /// All partitions of a group.
    pub(super) fn all(&self, group: usize) -> &PartitionSet {
        &self.groups[group].set
    }

    /// The partitions of a unit.
    pub(super) fn partitions(&self, unit: Unit) -> PartitionSet {
        self.groups[unit.group].partitions(unit.chunk)
    }

    /// The units of a group in which these partitions are.
    pub(super) fn units_of(&self, group: usize, partitions: &PartitionSet) -> PartitionSet {
        self.groups[group].chunks(partitions)
    }

    /// The partitions of a group that a text selects.
    pub(super) fn select(&self, group: usize, selection: &str) -> Option<PartitionSet> {
        self.groups[group].space.as_ref()?.select(selection, self.now).ok()
    }

    /// The key of a partition of a group; none of an asset without.
    pub(super) fn key_of(&self, group: usize, index: u64) -> Option<String> {
        Some(self.groups[group].space.as_ref()?.key_of(index).ok()?.to_string())
    }

    /// Partitions of a group as a text that selects them; none of an asset without.
    pub(super) fn show(&self, group: usize, set: &PartitionSet) -> Option<String> {
        Some(self.groups[group].space.as_ref()?.show(set))
    }

    /// What these partitions of a unit need: partitions of the groups that it is made of.
    pub(super) fn needs(
        &self,
        unit: Unit,
        partitions: &PartitionSet,
    ) -> impl Iterator<Item = (usize, PartitionSet)> {
        let takes = self.groups[unit.group].takes.iter();
        takes.map(move |taken| {
            let mut needed = &taken.link.upstream_of(partitions, self.now).keys & self.all(taken.group);
            if taken.group == unit.group {
                // Within the stretch its run makes one after the other.
                needed = &needed - &self.partitions(unit);
            }
            (taken.group, needed)
        })
    }

    /// All partitions that need one of these, directly or by way of others: by groups, of what is told by assets.
    pub(super) fn descendants(&self, of: &[PartitionSet]) -> Vec<PartitionSet> {
        let mut found = self.none();
        // Each group stands after those that it is made of.
        for (number, group) in self.groups.iter().enumerate() {
            for taken in &group.takes {
                let mut reached = found[taken.group].clone();
                of[taken.assets.clone()].iter().for_each(|lost| reached |= lost);
                found[number] |= &self.needing(group, taken, &reached);
            }
            self.follow(number, &mut found[number]);
        }
        found
    }

    /// The partitions of a group that take one of these.
    fn needing(&self, group: &Group, taken: &Taken, partitions: &PartitionSet) -> PartitionSet {
        let of = partitions & self.all(taken.group);
        &taken.link.downstream_of(&of, self.now) & &group.set
    }

    /// Adds the partitions of a group that need one of these by way of earlier ones of the same group.
    fn follow(&self, number: usize, found: &mut PartitionSet) {
        let group = &self.groups[number];
        let own = || group.takes.iter().filter(|taken| taken.group == number);
        let mut last = found.clone();
        while !last.is_empty() {
            let mut next = PartitionSet::new();
            own().for_each(|taken| next |= &self.needing(group, taken, &last));
            last = &next - found;
            *found |= &last;
        }
    }
}

impl Group {
    /// The partitions of a stretch.
    fn partitions(&self, chunk: u64) -> PartitionSet {
        let at = |chunk: u64| usize::try_from(chunk).ok().and_then(|at| self.starts.get(at));
        let Some(first) = at(chunk) else { return PartitionSet::new() };
        let Some(last) = at(chunk + 1).map_or(self.set.last(), |next| Some(next - 1)) else {
            return PartitionSet::new();
        };
        let mut within = PartitionSet::new();
        within.insert_run(*first..=last);
        &within & &self.set
    }

    /// The stretches in which these partitions are, as far as they are to be made.
    fn chunks(&self, partitions: &PartitionSet) -> PartitionSet {
        let chunk =
            |index: u64| self.starts.partition_point(|start| *start <= index).saturating_sub(1) as u64;
        let mut chunks = PartitionSet::new();
        for run in (partitions & &self.set).runs() {
            chunks.insert_run(chunk(*run.start())..=chunk(*run.end()));
        }
        chunks
    }
}

/// Where each stretch of `per` partitions begins.
fn starts(set: &PartitionSet, per: NonZero<u64>) -> Vec<u64> {
    let per = usize::try_from(per.get()).unwrap_or(usize::MAX);
    set.iter().step_by(per).collect()
}

/// The keys of dynamic partitions that there were when a backfill was launched.
pub(super) fn pinned_keys(record: &BackfillRecord) -> KeySets {
    record.pinned.partitions.as_ref().map_or_else(KeySets::new, |pinned| pinned.keys.clone())
}
