//! An observation is listed among the checks, and an asset among the observations.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders)]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {
    let definitions = Definitions::new().assets(assets![raw_orders]);
    let _ = definitions.checks(checks![written]).observations(observations![raw_orders]);
}
