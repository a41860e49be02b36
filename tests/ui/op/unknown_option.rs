use orch::prelude::*;

#[op(retries = 3)]
fn load(page: i64) -> i64 {
    page
}

#[job]
fn pages() {
    load(lit(1));
}

fn main() {}
