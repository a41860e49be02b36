use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
pub fn load(page: i64, config: Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

fn main() {}
