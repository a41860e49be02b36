use crate::partition::PartitionSet;

/// Which partitions of an asset are materialized, which failed, and which were observed, as bitmaps of their indexes.
///
/// Partitions whose keys were removed from a dynamic set are among them: they are there again when the key is. Which exist is the
/// [`Keyspace`](crate::partition::Keyspace)'s to say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// Those of which a materialization is known.
    pub materialized: PartitionSet,
    /// Those whose last attempt failed, whether one before it has materialized them or not. What a run has passed over since is
    /// none of them: it is as it would be made. One that was observed since is: nobody has made it.
    pub failed: PartitionSet,
    /// Those of which an observation is known, be they materialized here as well or not; but none of which nothing was there when
    /// they were observed last.
    pub observed: PartitionSet,
    /// Those at which the last look failed: they were neither observed nor made since.
    pub unseen: PartitionSet,
}

impl PartitionStatus {
    /// Of these partitions: those that are materialized, those that failed, those that were observed, and those at which the last look
    /// failed.
    #[must_use]
    pub fn new(
        materialized: PartitionSet,
        failed: PartitionSet,
        observed: PartitionSet,
        unseen: PartitionSet,
    ) -> Self {
        Self { materialized, failed, observed, unseen }
    }
}
