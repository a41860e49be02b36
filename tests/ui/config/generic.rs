use orch::prelude::*;

#[derive(Config)]
struct Source<T> {
    path: T,
}

fn main() {}
