//! The parameter is named after an op, which is no asset.

use orch::prelude::*;

#[op]
fn raw_orders() -> Vec<i64> {
    vec![1]
}

#[asset]
fn orders(raw_orders: &[i64]) -> i64 {
    raw_orders.iter().sum()
}

fn main() {}
