//! The graph of an asset takes and returns handles.

use orch::prelude::*;

#[asset]
fn raw() -> i64 {
    1
}

#[op]
fn double(x: i64) -> i64 {
    x * 2
}

#[graph_asset]
fn doubled(raw: i64) -> i64 {
    double(raw)
}

fn main() {}
