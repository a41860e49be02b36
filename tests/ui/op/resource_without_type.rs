use orch::prelude::*;

#[op]
fn load(page: i64, db: Res) -> i64 {
    page
}

fn main() {}
