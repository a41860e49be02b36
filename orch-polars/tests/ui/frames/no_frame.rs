//! Checks of frames, of assets that are none.

use orch::prelude::*;
use orch_polars::checks;

#[asset]
fn orders() -> Vec<i64> {
    vec![1]
}

fn main() {
    let _ = checks::not_null::<orders>(["id"]);
    let _ = checks::unique::<orders>(["id"]);
}
