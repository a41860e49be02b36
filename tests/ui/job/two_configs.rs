use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(batch: u32) -> u32 {
    batch
}

#[job]
fn pages(config: Config<Load>, other: Config<Load>) {
    load(config.map(|load| load.batch));
    load(other.map(|load| load.batch));
}

fn main() {}
