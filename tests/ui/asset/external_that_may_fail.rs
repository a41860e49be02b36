//! What others make is there as a value, or is not.

use orch::prelude::*;

#[external_asset]
fn rates() -> Result<f64>;

#[external_asset]
fn refunds() -> Optional<i64>;

#[external_asset]
fn orders() -> Dynamic<i64>;

fn main() {}
