//! What holds for all stands at the function.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset(code_version = "1", io = "parquet", gruop = "sales")]
    orders: i64,
    #[asset(key = "our customers")]
    customers: i64,
}

#[multi_asset]
fn shop() -> Shop {
    Shop { orders: 1, customers: 2 }
}

fn main() {}
