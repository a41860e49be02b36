use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(range = 1000..=1)]
    batch: u32,
}

fn main() {}
