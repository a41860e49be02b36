//! An observation names its asset by a text.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = "raw_orders")]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {
    let _ = written();
}
