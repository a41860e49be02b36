use orch::prelude::*;

#[op(max_concurrent = 4)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
