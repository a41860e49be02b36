use orch::prelude::*;

#[op]
fn load(page: i64) -> i64 {
    page
}

#[job(isolate)]
fn pages() {
    load(lit(1));
}

fn main() {}
