use orch::prelude::*;

#[derive(Config)]
#[config(tag = "kind")]
struct Source {
    batch: u32,
}

fn main() {}
