//! The function is a step, and its fields are the assets.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: i64,
}

#[multi_asset]
fn shop() -> Shop {
    Shop { orders: 1 }
}

#[asset]
fn report(shop: i64) -> i64 {
    shop
}

fn main() {}
