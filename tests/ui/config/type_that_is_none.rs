use orch::prelude::*;

#[derive(Config)]
struct Source {
    begin: std::time::Instant,
    pages: Option<Vec<std::sync::atomic::AtomicU8>>,
}

fn main() {}
