//! Nothing could take the other field.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: i64,
    customers: i64,
}

#[multi_asset]
fn shop() -> Shop {
    Shop { orders: 1, customers: 2 }
}

fn main() {}
