//! A check returns nothing.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders)]
fn positive(orders: i64) {
    assert!(orders > 0);
}

fn main() {
    positive(orders());
}
