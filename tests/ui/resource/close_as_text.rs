use orch::prelude::*;

struct Database;

#[resource(close = "shut_down")]
fn database() -> Database {
    Database
}

fn main() {}
