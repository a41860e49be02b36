//! The partitions, which are the asset's, are given as an option.

use orch::partition::{ByKey, Partitioning, PartitionsDefinition};
use orch::prelude::*;

struct Region;

impl Partitioning for Region {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["eu", "us"])
    }
}

#[asset]
fn stock(_region: &Partition<Region>) -> i64 {
    1
}

#[asset_check(asset = stock, partitions = Region)]
fn filled(stock: i64) -> bool {
    stock > 0
}

fn main() {}
