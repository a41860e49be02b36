use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(default = "many")]
    batch: u32,
    #[config(default = 50)]
    path: String,
}

fn main() {}
