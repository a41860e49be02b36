//! An observation returns nothing.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders)]
fn written() {}

fn main() {
    written();
}
