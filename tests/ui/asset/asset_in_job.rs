//! A job body calls an asset, which is an op, with a value in place of a handle.

use orch::prelude::*;

#[asset]
fn raw() -> i64 {
    1
}

#[asset]
fn doubled(raw: i64) -> i64 {
    raw * 2
}

#[job]
fn all() {
    doubled(1);
    doubled(raw());
}

fn main() {}
