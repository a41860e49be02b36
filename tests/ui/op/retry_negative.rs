use orch::prelude::*;

#[op(retry(max = -1))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
