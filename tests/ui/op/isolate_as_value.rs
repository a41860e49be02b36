use orch::prelude::*;

#[op(isolate = true)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
