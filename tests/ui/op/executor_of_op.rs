use orch::prelude::*;

#[op(executor = "process")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
