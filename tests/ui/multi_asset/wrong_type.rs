//! Another asset takes a field as what it is not.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: WithMetadata<i64>,
}

#[multi_asset]
fn shop() -> Shop {
    Shop { orders: WithMetadata::new(1) }
}

#[asset]
fn report(orders: String) -> String {
    orders
}

fn main() {}
