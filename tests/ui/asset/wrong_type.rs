//! The asset is of another type than the parameter that takes it.

use orch::prelude::*;

#[asset]
fn raw_orders() -> Vec<String> {
    vec!["one".to_owned()]
}

#[asset]
fn orders(raw_orders: &[i64]) -> i64 {
    raw_orders.iter().sum()
}

fn main() {}
