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

#[resource(trust_resources)]
fn archive() -> Database {
    Database
}

#[resource(code_version = "2", fingerprint = "function")]
fn mirror() -> Database {
    Database
}

fn main() {}
