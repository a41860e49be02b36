//! The partition that is looked at is mapped, as if it were taken of an asset.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset]
fn sold(_day: &Partition<Daily>) -> i64 {
    1
}

#[asset_check(asset = sold)]
fn grows(sold: i64, #[mapped(PartitionMapping::last())] day: &Partition<Daily>) -> bool {
    sold > i64::from(day.window().start.day())
}

fn main() {}
