use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(page: i64, load: Config<Load>, again: Config<Load>) -> i64 {
    page + i64::from(load.batch + again.batch)
}

fn main() {}
