use orch::prelude::*;

#[op(timeout = "0s")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
