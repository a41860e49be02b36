use orch::prelude::*;

#[op(retry(max = 3, delay = "1s", backoff = "quadratic"))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
