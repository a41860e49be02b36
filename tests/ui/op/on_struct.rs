use orch::prelude::*;

#[op]
struct Load;

fn main() {}
