//! Assets that take something of their own which they cannot take.

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
fn total(total: i64) -> i64 {
    total + 1
}

#[asset(partitions = Daily)]
fn all(all: &Partitions<i64>) -> i64 {
    all.values().sum()
}

#[asset(partitions = Daily)]
fn former(#[mapped(PartitionMapping::time_window(-1, -1))] former: &i64) -> i64 {
    former + 1
}

#[asset(partitions = Daily)]
fn beside(#[from(all, beside)] both: Vec<i64>) -> i64 {
    both.iter().sum()
}

#[asset(partitions = Daily)]
fn other(#[mapped(PartitionMapping::time_window(-1, -1))] other: &Partitions<String>) -> i64 {
    other.values().map(String::len).sum::<usize>() as i64
}

#[asset(io = "lake", partitions = Daily)]
fn read(
    #[stored(together)]
    #[mapped(PartitionMapping::time_window(-7, -1))]
    read: String,
) -> String {
    read
}

fn main() {}
