use orch::prelude::*;

#[op]
fn load(page: i64, config: Config) -> i64 {
    page
}

fn main() {}
