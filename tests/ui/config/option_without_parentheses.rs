use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config = "batch"]
    batch: u32,
}

fn main() {}
