use std::cell::Cell;

use orch::prelude::*;

#[op]
fn load() -> Result<(i64, Cell<i64>)> {
    Ok((1, Cell::new(2)))
}

#[job]
fn pages() {
    let (one, _) = load();
    print(one);
}

#[op]
fn print(n: i64) {
    println!("{n}");
}

fn main() {}
