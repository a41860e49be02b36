//! An op has a name, an asset a key.

use orch::prelude::*;

#[asset(name = "all_orders", grup = "sales")]
fn orders() -> i64 {
    1
}

fn main() {}
