use orch::prelude::*;

struct Database;

struct Broken;

#[resource]
fn database() -> Result<Database, Broken> {
    Err(Broken)
}

fn main() {}
