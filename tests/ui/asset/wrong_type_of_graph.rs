//! A graph, or a list, takes an asset of another type.

use orch::prelude::*;

#[asset]
fn north() -> i64 {
    1
}

#[asset]
fn south() -> String {
    "one".to_owned()
}

#[op]
fn double(x: i64) -> i64 {
    x * 2
}

#[graph_asset]
fn doubled(south: Out<i64>) -> Out<i64> {
    double(south)
}

#[asset]
fn regions(#[from(north, south)] regions: Vec<i64>) -> i64 {
    regions.iter().sum()
}

fn main() {}
