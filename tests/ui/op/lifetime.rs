use orch::prelude::*;

#[op]
fn load<'a>(page: &'a str) -> usize {
    page.len()
}

fn main() {}
