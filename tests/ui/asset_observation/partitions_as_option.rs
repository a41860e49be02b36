//! An observation says by what its asset is partitioned, which that says itself.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[external_asset(partitions = Daily, io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders, partitions = Daily)]
fn counted(day: &Partition<Daily>) -> DataVersion {
    DataVersion::new(day.key())
}

fn main() {
    let _ = observations![counted];
}
