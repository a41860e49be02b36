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
fn report(pages: Vec<i64>) -> String {
    format!("{pages:?}")
}

#[op]
fn count(results: &[Result<i64, Failure>]) -> usize {
    results.len()
}

#[job]
fn dex() {
    count(pages().map(load).collect_results());
}

fn main() {}
