//! A check returns what does not say whether it has passed.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check(asset = orders)]
fn positive(orders: i64) -> String {
    orders.to_string()
}

#[asset_check(asset = orders)]
fn even(orders: i64) -> Result<i64> {
    Ok(orders % 2)
}

fn main() {}
