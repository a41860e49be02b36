use orch::prelude::*;

struct Database;

struct Pool;

#[resource(close = shut_down)]
fn database() -> Database {
    Database
}

fn shut_down(_: &Pool) {}

fn main() {}
