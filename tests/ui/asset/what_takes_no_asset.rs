//! What is said of a parameter that no asset feeds is not passed over.

use orch::prelude::*;

struct Database;

#[derive(Config)]
struct Limits {
    most: i64,
}

#[asset]
fn orders(#[from(customers)] _database: Res<Database>) -> i64 {
    1
}

#[asset]
fn large(orders: i64, #[from(limits)] config: Config<Limits>) -> bool {
    orders > config.most
}

#[asset]
fn late(#[stored] _ctx: &Context) -> i64 {
    1
}

#[asset_check(asset = orders)]
fn few(orders: i64, #[mapped("yesterday")] _database: &Res<Database>) -> bool {
    orders < 10
}

fn main() {
    let _ = Definitions::new().assets(assets![orders, large, late]).checks(checks![few]);
}
