//! Partitions that cannot be read together.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset(io = "lake", partitions = Daily)]
fn orders() -> String {
    String::new()
}

#[asset]
fn misspelt(#[stored(togehter)] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn by_key(#[stored(together)] orders: &Partitions<String>) -> usize {
    orders.len()
}

#[asset]
fn twice(#[stored(together, columns = ["id"], together)] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn of_some(#[stored(together = true)] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn as_text(#[stored = "together"] orders: &String) -> usize {
    orders.len()
}

fn main() {}
