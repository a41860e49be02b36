//! An asset is made by one function.

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

#[multi_asset]
fn market() -> Shop {
    Shop { orders: 2 }
}

fn main() {}
