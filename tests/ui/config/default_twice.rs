use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(default = 50, default = 60)]
    batch: u32,
    #[config(default = 50)]
    #[serde(default)]
    pages: u32,
}

fn main() {}
