use orch::prelude::*;

#[op("load")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
