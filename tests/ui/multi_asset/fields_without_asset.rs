//! A struct of outputs, of which none is an asset.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    orders: i64,
}

#[multi_asset]
fn shop() -> Result<Shop> {
    Ok(Shop { orders: 1 })
}

fn main() {}
