use orch::prelude::*;

#[op(retry = 3)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
