use orch::prelude::*;

struct Database;

#[resource(close_async = shut_down)]
fn database() -> Database {
    Database
}

fn shut_down(_: &Database) {}

fn main() {}
