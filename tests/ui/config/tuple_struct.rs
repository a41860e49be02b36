use orch::prelude::*;

#[derive(Config)]
struct Source(String, u32);

fn main() {}
