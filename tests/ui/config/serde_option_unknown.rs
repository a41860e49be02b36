use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[serde(defualt)]
    path: String,
}

fn main() {}
