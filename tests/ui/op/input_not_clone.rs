use orch::prelude::*;

struct Connection;

#[op]
fn connect() -> Connection {
    Connection
}

#[op]
fn load(connection: Connection) {
    let _ = connection;
}

#[job]
fn pages() {
    load(connect());
}

fn main() {}
