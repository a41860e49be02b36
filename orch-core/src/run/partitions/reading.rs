use std::sync::Arc;

use jiff::Timestamp;

use super::ForPartitions;
use super::missing::{Taker, not_written};
use crate::define::{ReadPartitions, RunPartitions};
use crate::failure::Failure;
use crate::io::IoManagers;
use crate::partition::{Keyspace, Link, MappedPartitions, PartitionMapping, PartitionSet};
use crate::plan::{LoadedAsset, LoadedPartitions, Problem, ProblemKind};

/// What a step reads.
pub(super) struct Reading {
    pub(super) asset: LoadedAsset,
    pub(super) of: LoadedPartitions,
    pub(super) up: Keyspace,
    /// The partitions in whose map the step stands.
    pub(super) within: Option<Arc<RunPartitions>>,
    link: Link,
    /// The partitions that the run makes.
    pub(super) made: PartitionSet,
    /// Whether it does without those that a blocking check has stopped: what stands in their map waits for the checks itself, and
    /// checks look at what others have stopped.
    pub(super) heeds_checks: bool,
    /// Whether it is read for a check, which looks at what others are not made of.
    pub(super) is_for_check: bool,
}

impl Reading {
    pub(super) fn of(
        asset: &LoadedAsset,
        of: &LoadedPartitions,
        taker: &Taker,
        run: &ForPartitions,
    ) -> Result<Self, Failure> {
        let up = of.definition.resolve(&run.keys)?;
        let within = of.within.map(|number| Arc::clone(&run.of[number]));
        let link = Link::new(of.mapping.as_ref(), Some(&up), within.as_ref().map(|within| &within.keyspace))?;
        let made = of.made.map_or_else(PartitionSet::new, |number| run.of[number].set.clone());
        let is_for_check = taker.is_check();
        let heeds_checks = (of.within != of.made || of.own) && !is_for_check;
        Ok(Self { asset: asset.clone(), of: of.clone(), up, within, link, made, heeds_checks, is_for_check })
    }

    /// What is needed for these partitions of what the step is for.
    pub(super) fn needed(&self, down: &PartitionSet, now: Timestamp) -> MappedPartitions {
        let mut needed = self.link.upstream_of(down, now);
        if self.of.own {
            // Of its own partitions an asset takes those that there are: before the first is none.
            needed.missing.clear();
        }
        needed
    }

    /// All of which the run has one step: what has no partitions is one.
    pub(super) fn down(&self) -> PartitionSet {
        self.within.as_ref().map_or_else(|| PartitionSet::from_iter([0]), |within| within.set.clone())
    }

    /// Whether it does without those that are not there.
    pub(super) fn allows_missing(&self) -> bool {
        // Of one value there is no way to be without it.
        let can_be_without = !self.of.single || self.of.optional;
        can_be_without && self.of.mapping.as_ref().is_some_and(PartitionMapping::allows_missing)
    }

    /// That each step takes one partition that is to take one.
    pub(super) fn check_single(&self, taker: &Taker, now: Timestamp, io: &IoManagers) -> Result<(), Problem> {
        for index in self.down().iter() {
            let needed = self.needed(&PartitionSet::from_iter([index]), now).keys;
            if needed.len() != 1 && !(self.of.optional && needed.is_empty()) {
                let key = &self.asset.key;
                let of = self.within.as_ref().and_then(|within| within.keyspace.key_of(index).ok());
                let of = of.map_or_else(|| taker.to_string(), |partition| format!("{taker}[{partition}]"));
                if needed.is_empty() {
                    let message = format!("`{of}` takes one partition of `{key}`, and there is none for it");
                    return Err(Problem::new(ProblemKind::InvalidPartition, message)
                        .hint(format!("take it as an `Option`: `{}: Option<..>`", key.name())));
                }
                let message = format!(
                    "`{of}` takes one partition of `{key}`, and is made of {}: {}",
                    needed.len(),
                    self.up.show(&needed)
                );
                let name = key.name();
                let read_by = self.asset.read_by.as_deref();
                let together = match read_by.is_some_and(|read_by| io.takes_partitions(read_by)) {
                    true => format!(", or as one value: `#[stored(together)] {name}: ..`"),
                    false => String::new(),
                };
                return Err(Problem::new(ProblemKind::InvalidPartition, message)
                    .hint(format!("take them by key: `{name}: &Partitions<..>`{together}")));
            }
        }
        Ok(())
    }

    /// That what the run makes can be read again: what no IO manager stores and serde cannot read is in the memory of its step alone.
    pub(super) fn check_readable(&self, taker: &Taker, reads: Option<ReadPartitions>) -> Result<(), Problem> {
        let is_written =
            self.of.waits || self.asset.read_by.is_some() || reads.is_none_or(|reads| reads.codec.is_some());
        if is_written || self.made.is_empty() {
            return Ok(());
        }
        Err(not_written(&self.asset.key, taker))
    }
}
