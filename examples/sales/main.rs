//! A shop: from the files that its tills write to a mart by week, which is checked, filled by a backfill, and made anew only
//! where something has changed. The guide walks through it, "A small product".
//!
//! ```sh
//! cargo run -p orch-polars --features lazy --example sales -- assets graph
//! ```

mod mart;
mod raw;

use orch::prelude::*;

#[orch::main]
fn definitions() -> Definitions {
    raw::definitions().assets(mart::assets()).checks(mart::checks())
}
