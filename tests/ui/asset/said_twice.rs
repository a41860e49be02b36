//! What is said of an asset is said once, and is something.

use orch::prelude::*;

#[asset(metadata(source = "till", source = "bank"), owners = ["data", "data", ""], kind = " ", group = "")]
fn orders() -> i64 {
    1
}

#[asset(metadata(prices = [1, 2]))]
fn prices() -> i64 {
    1
}

#[asset(partitions = "Daily")]
fn sold() -> i64 {
    1
}

#[asset_check(asset = "orders")]
fn positive(orders: i64) -> bool {
    orders > 0
}

fn main() {}
