use orch::prelude::*;

#[op(tags(team = 5))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
