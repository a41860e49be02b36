//! A mistake in a parameter is told once, and not of those that take the asset, or list it.

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
fn bookings(day: &Partition<Daily>) -> Vec<i64> {
    vec![i64::from(day.window().start.day())]
}

#[asset(partitions = Daily)]
fn balance(#[mapped(PartitionMapping::time_window(-1, -1))] bookings: Option<&[i64]>) -> i64 {
    bookings.map_or(0, |bookings| bookings.iter().sum())
}

#[asset(partitions = Daily)]
fn interest(#[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<&i64>) -> Result<i64> {
    Ok(balance.copied().unwrap_or(0) / 100)
}

#[asset(partitions = Daily)]
fn statement(balance: &i64, interest: &i64) -> String {
    format!("{balance} + {interest}")
}

#[asset_check(asset = statement)]
fn complete(statement: &str, interest: Option<&i64>) -> bool {
    !statement.is_empty() && interest.is_some()
}

fn main() {
    let assets = assets![bookings, balance, interest, statement];
    let _ = Definitions::new().assets(assets).checks(checks![complete]);
}
