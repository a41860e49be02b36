//! An op that is no multi-asset makes no assets.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    #[asset]
    orders: i64,
}

#[op]
fn shop() -> Shop {
    Shop { orders: 1 }
}

fn main() {}
