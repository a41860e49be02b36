use orch::prelude::*;

#[derive(Outputs)]
struct Split {}

fn main() {}
