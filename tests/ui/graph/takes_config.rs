use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(batch: u32) -> u32 {
    batch
}

#[graph]
fn pages(config: Config<Load>) {
    load(config.map(|load| load.batch));
}

fn main() {}
