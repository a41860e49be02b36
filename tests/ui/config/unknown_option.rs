use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(defualt = 50)]
    batch: u32,
}

fn main() {}
