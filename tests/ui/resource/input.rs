use orch::prelude::*;

struct Database;

#[resource]
fn database(url: String) -> Database {
    let _ = url;
    Database
}

fn main() {}
