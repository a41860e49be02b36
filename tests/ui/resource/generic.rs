use orch::prelude::*;

#[resource]
fn cache<T: Send + Sync + 'static>() -> Vec<T> {
    Vec::new()
}

fn main() {}
