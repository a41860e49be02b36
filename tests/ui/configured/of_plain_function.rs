use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

fn load(batch: u32) -> u32 {
    batch
}

#[configured(load)]
fn load_fast() -> Load {
    Load { batch: load(500) }
}

fn main() {}
