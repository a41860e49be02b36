//! Who takes the value takes it alone.

use orch::prelude::*;

#[op]
fn orders() -> WithMetadata<i64> {
    WithMetadata::new(1).metadata("rows", 3)
}

#[op]
fn print(orders: &WithMetadata<i64>) {
    println!("{}", orders.value());
}

#[job]
fn shop() {
    print(orders());
}

fn main() {}
