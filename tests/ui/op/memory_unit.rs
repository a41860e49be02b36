use orch::prelude::*;

#[op(isolate, memory = "512 pages")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
