//! An observation looks at an asset that the program makes.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_observation(asset = orders)]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {}
