//! An asset has one kind of partitions, and is made for one of them at a time.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").into()
    }
}

#[asset]
fn bookings(day: &Partition<Daily>, week: &Partition<Weekly>) -> String {
    format!("{} {}", day.key(), week.key())
}

#[asset]
fn balance(day: &Partition<Daily>, before: &Partition<Daily>) -> String {
    format!("{} {}", day.key(), before.key())
}

#[asset_check(asset = balance)]
fn complete(day: &Partition<Daily>, week: &Partition<Weekly>) -> bool {
    day.key() != week.key()
}

#[external_asset(partitions = Daily)]
fn raw() -> i64;

#[asset_observation(asset = raw)]
fn written(day: &Partition<Daily>, week: &Partition<Weekly>) -> DataVersion {
    DataVersion::new(format!("{} {}", day.key(), week.key()))
}

#[graph_asset]
fn drawn(day: Out<Partition<Daily>>, week: Out<Partition<Weekly>>) -> Out<i64> {
    count(day, week)
}

#[op]
fn count(day: &Partition<Daily>, week: &Partition<Weekly>) -> i64 {
    i64::from(day.key() == week.key())
}

fn main() {}
