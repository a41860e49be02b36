use orch::prelude::*;

#[derive(Config)]
struct Source {
    path: &'static str,
    columns: Vec<&'static str>,
}

fn main() {}
