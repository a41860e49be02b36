use orch::prelude::*;

struct Database;

#[resource(closes = shut_down)]
fn database() -> Database {
    Database
}

#[resource(retry(max = 3))]
fn replica() -> Database {
    Database
}

fn main() {}
