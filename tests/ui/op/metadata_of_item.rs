//! An item is no asset.

use orch::prelude::*;

#[op]
fn orders() -> Result<(i64, Dynamic<WithMetadata<i64>>)> {
    Err(Failure::new("there are none"))
}

fn main() {}
