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
    pages().collect().collect();
}

fn main() {}
