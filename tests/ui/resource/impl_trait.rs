use orch::prelude::*;

trait Store: Send + Sync {}

struct Folder;

impl Store for Folder {}

#[resource]
fn store() -> impl Store {
    Folder
}

fn main() {}
