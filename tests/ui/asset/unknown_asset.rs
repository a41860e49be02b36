//! The parameter is named after an asset that there is not.

use orch::prelude::*;

#[asset]
fn raw_orders() -> Vec<i64> {
    vec![1]
}

#[asset]
fn orders(raw_order: &[i64]) -> i64 {
    raw_order.iter().sum()
}

fn main() {}
