use orch::prelude::*;

struct Database;

#[resource(close = shut_down)]
fn database() -> Database {
    Database
}

async fn shut_down(_: &Database) {}

fn main() {}
