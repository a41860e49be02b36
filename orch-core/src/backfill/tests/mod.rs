//! Units and their order, against what single partitions need; whole backfills are driven by tests of the facade.

mod oracle;
mod stories;

use std::num::NonZero;

use jiff::Timestamp;

use super::units::Units;
use crate::asset::AssetKey;
use crate::define::JobOptions;
use crate::graph::Job;
use crate::ids::BackfillId;
use crate::partition::{PartitionMapping, PartitionsDefinition, TimePartitions};
use crate::storage::{BackfillGroup, BackfillRecord, BackfillTakes, Made, Pinned, Unit};

fn now() -> Timestamp {
    "2024-03-01T12:00:00Z".parse().unwrap()
}

fn days() -> PartitionsDefinition {
    TimePartitions::daily("2024-01-01").into()
}

fn weeks() -> PartitionsDefinition {
    TimePartitions::weekly("2024-01-07").into()
}

/// A group of one asset of this name.
fn group(
    name: &str,
    partitions: Option<(PartitionsDefinition, &str)>,
    takes: impl IntoIterator<Item = (usize, Option<PartitionMapping>)>,
) -> BackfillGroup {
    let mut group = BackfillGroup::new(vec![name.parse::<AssetKey>().unwrap()]);
    let (definition, selection) = partitions.unzip();
    (group.definition, group.partitions) = (definition, selection.map(str::to_owned));
    group.takes = takes.into_iter().map(|(group, mapping)| BackfillTakes::new(group, mapping)).collect();
    group
}

fn record(groups: Vec<BackfillGroup>, per: u64) -> BackfillRecord {
    let plan = Job::compose(JobOptions::new("empty"), || ()).plan();
    let pinned = Pinned::new(plan, serde_json::Value::Null, Made::default());
    let mut record = BackfillRecord::new(BackfillId::from_u128(1), now(), groups, pinned);
    record.per = NonZero::new(per).unwrap();
    record
}

fn units(groups: Vec<BackfillGroup>, per: u64) -> Units {
    Units::of(&record(groups, per)).unwrap()
}

fn unit(group: usize, chunk: u64) -> Unit {
    Unit { group, chunk }
}
