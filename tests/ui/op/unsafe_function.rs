use orch::prelude::*;

#[op]
unsafe fn load(page: i64) -> i64 {
    page
}

fn main() {}
