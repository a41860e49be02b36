//! A check looks at an op, which is no asset.

use orch::prelude::*;

#[op]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders)]
fn positive() -> bool {
    true
}

fn main() {}
