//! A check does not say which asset it looks at.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset_check]
fn positive(orders: i64) -> bool {
    orders > 0
}

fn main() {
    let _ = positive(orders());
}
