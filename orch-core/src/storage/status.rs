use crate::partition::PartitionSet;

/// Which partitions of an asset are materialized, and which failed, as bitmaps of their indexes.
///
/// Partitions whose keys were removed from a dynamic set are among them: they are there again when the key is. Which exist is the
/// [`Keyspace`](crate::partition::Keyspace)'s to say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// Those of which a materialization is known.
    pub materialized: PartitionSet,
    /// Those whose last attempt failed, whether one before it has materialized them or not. What a run has passed over since is
    /// none of them: it is as it would be made.
    pub failed: PartitionSet,
}

impl PartitionStatus {
    /// Of these partitions.
    #[must_use]
    pub fn new(materialized: PartitionSet, failed: PartitionSet) -> Self {
        Self { materialized, failed }
    }
}
