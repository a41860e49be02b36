use orch::prelude::*;

#[op(tags(team = "data", team = "web"))]
fn load(page: i64) -> i64 {
    page
}

fn main() {}
