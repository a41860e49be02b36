use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(range = 1..=8)]
    path: String,
    #[config(length = 1..=8)]
    batch: Option<u32>,
    #[config(range = 0..=1)]
    quick: bool,
}

fn main() {}
