use orch::prelude::*;

#[derive(Config)]
struct Source {
    server: Server,
}

struct Server {
    port: u16,
}

fn main() {}
