use orch::prelude::*;

#[op]
fn pages() -> impl Iterator<Item = i64> {
    0..3
}

#[job]
fn print() {
    pages();
}

fn main() {}
