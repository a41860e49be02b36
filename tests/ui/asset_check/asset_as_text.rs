//! The asset is named as a text.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = "orders")]
fn positive(orders: i64) -> bool {
    orders > 0
}

fn main() {
    let _ = positive(orders());
}
