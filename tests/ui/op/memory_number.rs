use orch::prelude::*;

#[op(isolate, memory = 512)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
