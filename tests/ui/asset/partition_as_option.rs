//! An asset with partitions is always made for one: that one is no `Option`.

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
fn bookings(day: Option<&Partition<Daily>>) -> i64 {
    day.map_or(0, |day| i64::from(day.window().start.day()))
}

#[asset]
fn balance(day: Option<Partition<Daily>>) -> i64 {
    day.map_or(0, |day| i64::from(day.window().start.day()))
}

#[graph_asset]
fn drawn(day: Out<Option<Partition<Daily>>>) -> Out<i64> {
    count(day)
}

#[op]
fn count(day: Option<Partition<Daily>>) -> i64 {
    i64::from(day.is_some())
}

#[asset_check(asset = bookings)]
fn complete(bookings: i64, day: Option<Partition<Daily>>) -> bool {
    bookings > 0 && day.is_some()
}

fn main() {}
