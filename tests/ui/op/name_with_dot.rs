use orch::prelude::*;

#[op(name = "my.op")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
