use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(default(50))]
    batch: u32,
}

fn main() {}
