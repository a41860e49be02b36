//! `deps` names assets, not their keys.

use orch::prelude::*;

#[asset]
fn raw() -> i64 {
    1
}

#[asset(deps = "raw")]
fn orders() -> i64 {
    2
}

fn main() {}
