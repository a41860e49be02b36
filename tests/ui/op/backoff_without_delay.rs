use orch::prelude::*;

#[op(retry(max = 3, backoff = "exponential"))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
