use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(page: i64, config: &mut Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

fn main() {}
