//! A check is listed among the assets, and an asset among the checks.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders)]
fn positive(orders: i64) -> bool {
    orders > 0
}

fn main() {
    let _ = Definitions::new().assets(assets![orders, positive]).checks(checks![orders]);
}
