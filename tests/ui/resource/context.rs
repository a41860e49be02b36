use orch::prelude::*;

struct Database;

#[resource]
fn database(ctx: Context) -> Database {
    let _ = ctx;
    Database
}

fn main() {}
