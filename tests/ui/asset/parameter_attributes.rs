//! What is written wrong before a parameter is told once, and not of those that take the asset, or list it.

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
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset(partitions = Daily)]
fn revenue(#[from("sold")] pieces: &i64) -> i64 {
    pieces * 10
}

#[asset(partitions = Daily)]
fn costs(#[mappd(PartitionMapping::last())] sold: &i64) -> i64 {
    sold * 4
}

#[asset(partitions = Daily)]
fn rent(#[mapped("yesterday")] sold: &i64) -> i64 {
    sold + 100
}

#[asset(partitions = Daily)]
fn profit(revenue: &i64, costs: &i64, rent: &i64) -> i64 {
    revenue - costs - rent
}

#[derive(Outputs)]
struct Taxes {
    #[asset]
    income: i64,
}

#[multi_asset(partitions = Daily)]
fn taxes(#[from] profit: &i64) -> Taxes {
    Taxes { income: profit / 4 }
}

#[asset_check(asset = profit)]
fn positive(#[from] profit: &i64) -> bool {
    *profit > 0
}

fn main() {
    let assets = assets![sold, revenue, costs, rent, profit, income];
    let _ = Definitions::new().assets(assets).checks(checks![positive]);
}
