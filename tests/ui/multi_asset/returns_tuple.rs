//! Outputs of a tuple have no names by which others could take them.

use orch::prelude::*;

#[multi_asset]
fn shop() -> (i64, i64) {
    (1, 2)
}

fn main() {}
