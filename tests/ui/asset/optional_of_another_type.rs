//! An asset that is taken as an `Option` of what it is not.

use orch::prelude::*;

#[asset]
fn rows() -> i64 {
    1
}

#[asset]
fn report(rows: Option<String>) -> usize {
    rows.map_or(0, |rows| rows.len())
}

fn main() {}
