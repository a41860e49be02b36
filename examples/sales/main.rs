//! A shop: from the files that its tills write to a mart by week, which is checked, filled by a backfill, and made anew only
//! where something has changed. The guide walks through it, "A small product".
//!
//! ```sh
//! cargo run -p orch-polars --features lazy --example sales -- assets graph
//! ```

mod mart;
mod raw;

use orch::prelude::*;
// A program of your own depends on `orch` with the feature `polars-lazy` and writes `use orch::polars::{..}`.
use orch_polars::{Frame, ParquetIo, RegisterFrames as _};

#[orch::main]
fn definitions() -> Definitions {
    let lake = ParquetIo::new("lake");
    Definitions::new()
        .assets(raw::assets())
        .assets(mart::assets())
        .checks(raw::checks())
        .checks(mart::checks())
        .frames("lake", lake.clone())
        .io::<Frame<raw::Order>>("lake", lake.clone())
        .io::<Frame<raw::Product>>("lake", lake)
}
