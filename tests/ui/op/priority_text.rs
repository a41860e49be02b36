use orch::prelude::*;

#[op(priority = "high")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
