use orch::prelude::*;

#[derive(Config)]
struct Letter(char);

#[derive(Config)]
struct Source {
    #[config(range(min = 1, max = 8))]
    batch: u32,
    #[config(range = 8)]
    pages: u32,
    #[config(range = "a".."z")]
    letter: Letter,
}

fn main() {}
