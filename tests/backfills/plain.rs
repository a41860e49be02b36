//! A run for each day, one after the other.

use std::env;

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::Shape;

pub(super) const SHAPE: Shape = Shape {
    program: "backfill",
    definitions: |_| Definitions::new().assets(assets![sold, revenue, growth, total]),
    per: 1,
    max_concurrent: 1,
    canceled_at: "2024-01-02",
    // Three days, and the growth of two.
    runs: &[("0.0", 1), ("0.1", 1), ("0.2", 1), ("1.0", 1), ("1.1", 1)],
    again: &[("0.0", 1), ("0.1", 1), ("0.2", 2), ("1.0", 1), ("1.1", 1), ("1.2", 1), ("2.0", 1)],
    copy: |_, _| (),
};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-04").into()
    }
}

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

/// Of the third day it is lost, unless it was found again.
#[asset(partitions = Daily)]
fn revenue(sold: i64) -> Result<i64> {
    let is_found = env::var_os(super::FOUND).is_some();
    if sold == 3 && !is_found { Err("it is lost".into()) } else { Ok(sold * 10) }
}

#[asset(partitions = Daily)]
fn growth(
    revenue: i64,
    #[from(revenue)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> i64 {
    revenue - before.values().sum::<i64>()
}

#[asset]
fn total(#[mapped(PartitionMapping::all())] growth: &Partitions<i64>) -> i64 {
    growth.values().sum()
}
