use orch::prelude::*;

#[op(priority = 1 timeout = "5s")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
