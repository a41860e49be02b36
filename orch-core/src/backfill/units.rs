use std::num::NonZero;

use jiff::Timestamp;

use crate::partition::{KeySets, Keyspace, Link, PartitionError, PartitionSet};
use crate::storage::{BackfillRecord, Unit};

/// The units of a backfill and what each needs of others: pure arithmetic of what was pinned, so that it is the same for
/// whoever asks, whenever.
///
/// The partitions of a group are cut into stretches of `per`, in the order of their keys, of which each is a unit. What a unit
/// needs is computed when someone asks, as sets of stretches; nothing is kept for each.
#[derive(Debug)]
pub(super) struct Units {
    groups: Vec<Group>,
    now: Timestamp,
}

#[derive(Debug)]
struct Group {
    /// None of an asset without partitions, which is one, of index 0.
    space: Option<Keyspace>,
    set: PartitionSet,
    /// The first partition of each stretch.
    starts: Vec<u64>,
    /// The groups that it is made of; among them itself, if its partitions take earlier ones.
    takes: Vec<(usize, Link)>,
}

impl Units {
    /// The units of a backfill.
    ///
    /// # Errors
    /// If what was pinned cannot be read: it was made by a program that knew other definitions.
    pub(super) fn of(record: &BackfillRecord) -> Result<Self, PartitionError> {
        let now = record.created;
        let keys = pinned_keys(record);
        let mut groups: Vec<Group> = Vec::new();
        for (number, group) in record.groups.iter().enumerate() {
            let space = group.definition.as_ref().map(|one| one.resolve(&keys)).transpose()?;
            let set = match (&space, &group.partitions) {
                (Some(space), Some(selection)) => space.select(selection, now)?,
                (Some(_), None) => PartitionSet::new(),
                (None, _) => PartitionSet::from(0..1),
            };
            let takes = group.takes.iter().map(|taken| {
                let other = || groups.get(taken.group).and_then(|group| group.space.as_ref());
                let of = if taken.group == number { space.as_ref() } else { other() };
                Ok((taken.group, Link::new(taken.mapping.as_ref(), of, space.as_ref())?))
            });
            let takes = takes.collect::<Result<_, PartitionError>>()?;
            groups.push(Group { starts: starts(&set, record.per), space, set, takes });
        }
        Ok(Self { groups, now })
    }

    /// The partitions of each group that has some.
    pub(super) fn spaces(&self) -> impl Iterator<Item = (&Keyspace, &PartitionSet)> {
        self.groups.iter().filter_map(|group| Some((group.space.as_ref()?, &group.set)))
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
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

    /// How many partitions these units of a group have.
    pub(super) fn partitions(&self, group: usize, chunks: &PartitionSet) -> u64 {
        self.groups[group].partitions(chunks).len()
    }

    /// The partitions of units of a group as a text that selects them; none of an asset without.
    pub(super) fn selection(&self, group: usize, chunks: &PartitionSet) -> Option<String> {
        self.show(group, &self.groups[group].partitions(chunks))
    }

    /// The partitions of a unit that have none of these keys.
    pub(super) fn without(&self, unit: Unit, keys: &[&str]) -> PartitionSet {
        let group = &self.groups[unit.group];
        let set = group.partitions(&one(unit.chunk));
        let Some(space) = &group.space else { return set };
        let made: PartitionSet = keys.iter().filter_map(|key| space.find(key)).collect();
        &set - &made
    }

    /// The key of a partition of a group; none of an asset without.
    pub(super) fn key_of(&self, group: usize, index: u64) -> Option<String> {
        Some(self.groups[group].space.as_ref()?.key_of(index).ok()?.to_string())
    }

    /// Partitions of a group as a text that selects them; none of an asset without.
    pub(super) fn show(&self, group: usize, set: &PartitionSet) -> Option<String> {
        Some(self.groups[group].space.as_ref()?.show(set))
    }

    /// The units that a unit needs, as stretches of the groups that it is made of.
    pub(super) fn needs(&self, unit: Unit) -> impl Iterator<Item = (usize, PartitionSet)> {
        let group = &self.groups[unit.group];
        let set = group.partitions(&one(unit.chunk));
        group.takes.iter().map(move |(taken, link)| {
            let mut chunks = self.groups[*taken].chunks(&link.upstream_of(&set, self.now).keys);
            if *taken == unit.group {
                // Within the stretch its run makes one after the other.
                chunks.remove(unit.chunk);
            }
            (*taken, chunks)
        })
    }

    /// All units that need one of these, directly or by way of others; both by groups.
    pub(super) fn descendants(&self, of: &[PartitionSet]) -> Vec<PartitionSet> {
        let mut found = vec![PartitionSet::new(); self.groups()];
        // Each group stands after those that it is made of.
        for (number, group) in self.groups.iter().enumerate() {
            for (taken, link) in &group.takes {
                if *taken != number {
                    let reached = &of[*taken] | &found[*taken];
                    found[number] |= &self.needing((group, link), *taken, &reached);
                }
            }
            let reached = &of[number] | &found[number];
            found[number] |= &self.later(number, reached);
        }
        found
    }

    /// The units of a group that need one of these of another one.
    fn needing(&self, (group, link): (&Group, &Link), other: usize, units: &PartitionSet) -> PartitionSet {
        let partitions = self.groups[other].partitions(units);
        group.chunks(&link.downstream_of(&partitions, self.now))
    }

    /// The units of a group that need one of these of the same group, directly or by way of others, beside these.
    fn later(&self, number: usize, mut reached: PartitionSet) -> PartitionSet {
        let group = &self.groups[number];
        let own = || group.takes.iter().filter(|(taken, _)| *taken == number);
        let (mut found, mut last) = (PartitionSet::new(), reached.clone());
        while !last.is_empty() {
            let mut next = PartitionSet::new();
            own().for_each(|(_, link)| next |= &self.needing((group, link), number, &last));
            last = &next - &reached;
            reached |= &last;
            found |= &last;
        }
        found
    }
}

impl Group {
    /// The partitions of these stretches.
    fn partitions(&self, chunks: &PartitionSet) -> PartitionSet {
        let mut within = PartitionSet::new();
        for run in chunks.runs() {
            let first = place(*run.start()).and_then(|at| self.starts.get(at));
            let next = place(*run.end()).and_then(|at| self.starts.get(at + 1));
            let last = next.map_or(self.set.last(), |next| Some(next - 1));
            if let (Some(first), Some(last)) = (first, last) {
                within.insert_run(*first..=last);
            }
        }
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

/// The set of one.
pub(super) fn one(index: u64) -> PartitionSet {
    PartitionSet::from_iter([index])
}

fn place(chunk: u64) -> Option<usize> {
    usize::try_from(chunk).ok()
}
