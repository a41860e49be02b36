//! A graph of an asset returns the handle of one value.

use orch::prelude::*;

#[asset]
fn raw() -> i64 {
    1
}

#[op]
fn spread(x: i64) -> Dynamic<i64> {
    Dynamic::from_values(0..x)
}

#[graph_asset]
fn items(raw: Out<i64>) -> DynamicOut<i64> {
    spread(raw)
}

fn main() {}
