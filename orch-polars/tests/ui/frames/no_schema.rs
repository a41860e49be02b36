//! What is no schema says nothing of columns.

use orch::prelude::*;
use orch_polars::Frame;
use orch_polars::polars::df;

struct Sales {
    id: i64,
}

#[op]
fn load() -> Result<Frame<Sales>> {
    Frame::checked(df!("id" => [1i64])?)
}

fn main() {}
