mod keys;
mod mistakes;
mod oracle;
mod stories;

use jiff::Timestamp;

use super::super::{
    KeySet, KeySets, Keyspace, Link, PartitionMapping, PartitionSet, PartitionsDefinition, TimePartitions,
};

fn resolve(partitions: impl Into<PartitionsDefinition>) -> Keyspace {
    let customers = ["acme", "bolt", "cogs"].into_iter().fold(KeySet::new(), |mut keys, key| {
        keys.add(key).unwrap();
        keys
    });
    partitions.into().resolve(&KeySets::new().with("customers", customers)).unwrap()
}

fn now() -> Timestamp {
    "2024-03-01T12:00:00Z".parse().unwrap()
}

fn days() -> TimePartitions {
    TimePartitions::daily("2024-01-01")
}

fn weeks() -> TimePartitions {
    TimePartitions::weekly("2024-01-01")
}

fn regions() -> PartitionsDefinition {
    PartitionsDefinition::of(["eu", "us", "asia"])
}

fn sales() -> PartitionsDefinition {
    PartitionsDefinition::product().by("date", days()).by("region", regions()).into()
}

fn link(mapping: Option<PartitionMapping>, up: &Keyspace, down: &Keyspace) -> Link {
    let link = |mapping: Option<&_>| Link::new(mapping, Some(up), Some(down)).unwrap();
    mapping.map_or_else(|| link(None), |mapping| link(Some(&mapping)))
}

/// What downstream partitions need, as text, with what is missing behind it.
fn needs(mapping: Option<PartitionMapping>, up: &Keyspace, down: &Keyspace, selection: &str) -> String {
    let mapped = link(mapping, up, down).upstream_of(&down.select(selection, now()).unwrap(), now());
    match mapped.missing.is_empty() {
        true => up.show(&mapped.keys),
        false => format!("{} missing {}", up.show(&mapped.keys), mapped.missing.join(" and ")),
    }
}

/// Which downstream partitions need these, as text.
fn needed_by(mapping: Option<PartitionMapping>, up: &Keyspace, down: &Keyspace, selection: &str) -> String {
    down.show(&link(mapping, up, down).downstream_of(&up.select(selection, now()).unwrap(), now()))
}

fn one(index: u64) -> PartitionSet {
    PartitionSet::from_iter([index])
}
