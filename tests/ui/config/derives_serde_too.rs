use orch::prelude::*;

#[derive(Config, orch::__private::serde::Deserialize)]
struct Source {
    path: String,
}

fn main() {}
