use orch::prelude::*;

struct Load {
    batch: u32,
}

#[op]
fn load(page: i64, config: Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

fn main() {}
