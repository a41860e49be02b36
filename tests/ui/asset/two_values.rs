//! An asset has one value, and not two.

use orch::prelude::*;

#[asset]
fn split() -> (i64, i64) {
    (1, 2)
}

fn main() {}
