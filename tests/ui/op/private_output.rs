use orch::prelude::*;

struct Page;

#[op]
pub fn load() -> Page {
    Page
}

fn main() {}
