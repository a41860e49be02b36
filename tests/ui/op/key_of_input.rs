use orch::prelude::*;

#[op]
fn load(#[key = "pages"] page: i64) -> i64 {
    page
}

fn main() {}
