use orch::prelude::*;

#[op(timeout = "3 parsecs")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
