//! An observation looks at an asset that does not exist.

use orch::prelude::*;

#[asset_observation(asset = raw_orders)]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {}
