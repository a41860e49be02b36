//! What is said of one asset stands at its field.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: i64,
}

#[multi_asset(key = "orders", owners = ["data team"])]
fn shop() -> Shop {
    Shop { orders: 1 }
}

fn main() {}
