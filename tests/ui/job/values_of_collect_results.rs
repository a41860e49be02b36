use orch::prelude::*;

#[op]
fn pages() -> Dynamic<i64> {
    Dynamic::from_values(0..3)
}

#[op]
fn load(page: i64) -> i64 {
    page
}

#[op]
fn count(loaded: &[i64]) -> usize {
    loaded.len()
}

#[job]
fn dex() {
    count(pages().map(load).collect_results());
}

fn main() {}
