use orch::prelude::*;

#[op(memory = "512MiB")]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
