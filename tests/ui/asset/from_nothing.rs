//! `#[from]` names no asset.

use orch::prelude::*;

#[asset]
fn orders(#[from] raw: i64, #[from("rate")] rate: i64) -> i64 {
    raw * rate
}

fn main() {}
