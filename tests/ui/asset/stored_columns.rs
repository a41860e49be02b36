//! Columns that cannot be read of what is stored.

use orch::prelude::*;

#[asset(io = "lake")]
fn orders() -> String {
    String::new()
}

#[asset]
fn misspelt(#[stored(colums = ["name"])] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn none(#[stored(columns = [])] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn no_text(#[stored(columns = [name])] orders: &String) -> usize {
    orders.len()
}

#[asset]
fn twice(#[stored(columns = ["name", "price", "name"])] orders: &String) -> usize {
    orders.len()
}

fn main() {}
