//! The severity, which is the result's, and a key, which is the asset's, are given as options.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders, severity = "warn", key = "orders/positive", blocking = true)]
fn positive(orders: i64) -> bool {
    orders > 0
}

fn main() {}
