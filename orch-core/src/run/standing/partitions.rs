use std::collections::BTreeMap;

use super::Standing;
use crate::asset::{Change, Difference};
use crate::partition::{Keyspace, PartitionSet};

/// How the partitions of an asset stand: those that exist, each by itself.
#[derive(Clone, Debug)]
pub struct PartitionStandings {
    pub(super) keyspace: Keyspace,
    pub(super) existing: PartitionSet,
    pub(super) materialized: PartitionSet,
    /// Of those that are materialized, how they stand that would not come out as they are.
    pub(super) changed: BTreeMap<u64, Standing>,
}

impl PartitionStandings {
    /// How a partition stands, by its index.
    #[must_use]
    pub fn get(&self, index: u64) -> Standing {
        match self.changed.get(&index) {
            Some(standing) => standing.clone(),
            None if self.materialized.contains(index) => Standing::Fresh,
            None => Standing::Missing,
        }
    }

    /// Their keys.
    #[must_use]
    pub fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// Those that exist.
    #[must_use]
    pub fn existing(&self) -> &PartitionSet {
        &self.existing
    }

    /// Those that were materialized.
    #[must_use]
    pub fn materialized(&self) -> &PartitionSet {
        &self.materialized
    }

    /// Those of which there is no value.
    #[must_use]
    pub fn missing(&self) -> PartitionSet {
        let gone = self.changed.iter().filter(|(_, standing)| standing.is_missing()).map(|(index, _)| *index);
        &(&self.existing - &self.materialized) | &gone.collect()
    }

    /// Those that would come out as they are.
    #[must_use]
    pub fn fresh(&self) -> PartitionSet {
        &(&self.materialized & &self.existing) - &self.changed.keys().copied().collect()
    }

    /// Those that would come out otherwise, or are made of what is to be made.
    #[must_use]
    pub fn stale(&self) -> PartitionSet {
        self.of(|standing| !standing.is_missing() && !is_unknown(standing))
    }

    /// Those of which nobody knows whether they would come out otherwise, since something that they depend on has no version.
    #[must_use]
    pub fn unknown(&self) -> PartitionSet {
        self.of(is_unknown)
    }

    /// Those that are not as they would be made now.
    #[must_use]
    pub fn to_make(&self) -> PartitionSet {
        &self.existing - &self.fresh()
    }

    /// Those that were materialized and would not come out as they are, with how they stand, by their indexes.
    pub fn changed(&self) -> impl Iterator<Item = (u64, &Standing)> {
        self.changed.iter().map(|(index, standing)| (*index, standing))
    }

    pub(super) fn of(&self, is_meant: impl Fn(&Standing) -> bool) -> PartitionSet {
        self.changed().filter(|(_, standing)| is_meant(standing)).map(|(index, _)| index).collect()
    }
}

/// Whether nobody knows if it would come out otherwise.
pub(crate) fn is_unknown(standing: &Standing) -> bool {
    let Standing::Stale(Difference { change, .. }) = standing else { return false };
    matches!(change, Change::Unknown | Change::WasUnknown)
}
