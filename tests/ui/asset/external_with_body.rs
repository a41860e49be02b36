//! What others make has no body.

use orch::prelude::*;

#[external_asset]
fn rate() -> f64 {
    1.5
}

fn main() {}
