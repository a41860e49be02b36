//! The parameter has another type than the asset that it is named after.

use orch::prelude::*;

#[asset]
fn orders() -> Vec<i64> {
    vec![1]
}

#[asset_check(asset = orders)]
fn positive(orders: &[f64]) -> bool {
    orders.iter().all(|order| *order > 0.0)
}

fn main() {}
