//! An asset has one type, whoever asks for it.

use orch::prelude::*;

#[asset]
fn orders() -> i64 {
    1
}

#[asset]
fn doubled<T>(orders: i64) -> i64 {
    orders * 2
}

#[derive(Outputs)]
struct Parts<const N: usize> {
    #[asset]
    half: i64,
}

#[multi_asset]
fn parts<const N: usize>(orders: i64) -> Parts<N> {
    Parts { half: orders / N as i64 }
}

#[op]
fn half(orders: i64) -> i64 {
    orders / 2
}

#[graph_asset]
fn halved<T>(orders: Out<i64>) -> Out<i64> {
    half(orders)
}

#[external_asset]
fn rates<T>() -> T;

#[asset_check(asset = orders)]
fn positive<T>(orders: i64) -> bool {
    orders > 0
}

fn main() {
    let _ = Definitions::new().assets(assets![orders]);
}
