use orch::prelude::*;

#[op(name = load_page)]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
