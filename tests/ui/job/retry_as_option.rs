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

#[job]
fn dex() {
    load(lit(1)).retry(max = 3);
    load(lit(1)).retry(max = 5, delay = "2m", backoff = "exponential", jitter = "plus_minus");
}

fn main() {}
