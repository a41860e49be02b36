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
fn sales(#[from(till)] day: &Partition<Daily>) -> String {
    day.key().to_string()
}

#[asset]
fn total(#[mapped] sales: &Partitions<String>) -> usize {
    sales.len()
}

#[asset]
fn both(#[from(sales, sales)] #[mapped(PartitionMapping::last())] days: Vec<String>) -> usize {
    days.len()
}

fn main() {}
