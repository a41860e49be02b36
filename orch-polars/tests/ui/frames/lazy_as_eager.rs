//! What one asset has lazily is taken as it is, or as its IO manager reads it.

use orch::prelude::*;
use orch_polars::DataFrame;
use orch_polars::polars::df;
use orch_polars::polars::prelude::{IntoLazy as _, LazyFrame};

#[asset(io = "lake")]
fn orders() -> Result<LazyFrame> {
    Ok(df!("id" => [1i64])?.lazy())
}

#[asset]
fn count(orders: &DataFrame) -> usize {
    orders.height()
}

fn main() {}
