use orch::prelude::*;

#[derive(Config)]
#[config(tag = "kind")]
enum Server {
    Local,
    Remote(String, u16),
}

fn main() {}
