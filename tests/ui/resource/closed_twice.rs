use orch::prelude::*;

struct Database;

#[resource(close = shut_down, close_async = hang_up)]
fn database() -> Database {
    Database
}

fn shut_down(_: &Database) {}

async fn hang_up(_: &Database) {}

fn main() {}
