//! An observation has options that belong elsewhere.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders, blocking, metadata(rows = 3))]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {
    let _ = written();
}
