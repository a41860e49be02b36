use orch::prelude::*;

#[op]
fn load(page: i64) -> i64 {
    page
}

#[job]
fn dex() {
    load(lit(1)).retry(3);
}

fn main() {}
