//! In the graph of an asset a handle is an `Out<T>`.

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
fn doubled(raw: Handle<i64>) -> Handle<i64> {
    double(raw)
}

#[graph_asset]
fn tripled(raw: Handle<i64>) -> Out<i64> {
    double(raw)
}

/// Of no asset.
#[graph]
fn halved(x: Handle<i64>) -> Handle<i64> {
    double(x)
}

fn main() {}
