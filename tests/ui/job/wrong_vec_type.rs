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
fn count(n: u64) -> u64 {
    n
}

#[job]
fn dex() {
    let n = count(lit(1));
    report(vec![n, n]);
}

fn main() {}
