use orch::prelude::*;

#[op(retry(delay = "1s"))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
