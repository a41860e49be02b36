//! An asset has one value, and not a stream of them.

use orch::prelude::*;

#[asset]
fn pages() -> Dynamic<i64> {
    Dynamic::from_values(1..=3)
}

fn main() {}
