//! An asset is one value.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: Dynamic<i64>,
}

#[multi_asset]
fn shop() -> Shop {
    Shop { orders: Dynamic::from_values([1]) }
}

fn main() {}
