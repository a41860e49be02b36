use orch::prelude::*;

#[op(timeout)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
