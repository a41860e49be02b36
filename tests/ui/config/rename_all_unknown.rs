use orch::prelude::*;

#[derive(Config)]
#[config(rename_all = "snakecase")]
struct Source {
    path: String,
}

fn main() {}
