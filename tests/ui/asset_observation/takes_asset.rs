//! An observation takes the value of the asset.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders)]
fn counted(raw_orders: i64) -> DataVersion {
    DataVersion::new(raw_orders)
}

fn main() {
    let _ = counted(1);
}
