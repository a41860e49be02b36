use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset]
fn sales(day: &Partition<Daily>) -> String {
    day.key().to_string()
}

#[asset]
fn total(sales: &Partitions<i64>) -> i64 {
    sales.values().sum()
}

/// A week has no length in months.
#[asset]
fn window(day: &Partition<Daily>) -> Option<String> {
    day.value("region").map(str::to_owned)
}

fn main() {}
