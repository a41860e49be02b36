use orch::prelude::*;

#[op]
fn first(names: &[String]) -> &str {
    &names[0]
}

fn main() {}
