use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(page: i64, config: Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

#[job]
fn pages() {
    load(lit(1)).config_from(5);
}

fn main() {}
