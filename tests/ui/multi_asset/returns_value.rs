//! One value is one asset.

use orch::prelude::*;

#[multi_asset]
fn shop() -> i64 {
    1
}

fn main() {}
