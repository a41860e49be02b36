mod listings;
mod names;
mod pinned;
mod products;
mod selections;
mod sets;

use jiff::Timestamp;

use super::{KeySet, KeySets, Keyspace, PartitionError, PartitionsDefinition, TimePartitions};

fn resolve(partitions: impl Into<PartitionsDefinition>) -> Keyspace {
    partitions.into().resolve(&KeySets::new()).unwrap()
}

/// The error of a definition that cannot hold.
fn refused(partitions: impl Into<PartitionsDefinition>) -> PartitionError {
    partitions.into().resolve(&KeySets::new()).unwrap_err()
}

/// On 2024-03-01, so that of the year's days 60 exist.
fn now() -> Timestamp {
    "2024-03-01T12:00:00Z".parse().unwrap()
}

fn days() -> TimePartitions {
    TimePartitions::daily("2024-01-01")
}

fn customers() -> KeySet {
    let mut keys = KeySet::new();
    for key in ["acme", "bolt", "cogs"] {
        keys.add(key).unwrap();
    }
    keys
}

fn sales() -> Keyspace {
    resolve(
        PartitionsDefinition::product()
            .by("date", days())
            .by("region", PartitionsDefinition::of(["eu", "us", "asia"])),
    )
}
