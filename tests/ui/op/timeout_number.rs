use orch::prelude::*;

#[op(timeout = 30)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
