//! A parameter is named after no asset.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders)]
fn positive(order: i64) -> bool {
    order > 0
}

fn main() {}
