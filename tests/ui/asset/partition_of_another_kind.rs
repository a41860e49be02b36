use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

struct Hourly;

impl Partitioning for Hourly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::hourly("2024-01-01").into()
    }
}

#[asset(partitions = Daily)]
fn sales(hour: &Partition<Hourly>) -> String {
    hour.key().to_string()
}

fn main() {}
