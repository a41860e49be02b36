use orch::prelude::*;

#[op]
fn ignore(_: i64) {}

fn main() {}
