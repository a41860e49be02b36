use orch::prelude::*;

#[derive(Config)]
struct Source;

fn main() {}
