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

#[graph]
fn clean(page: i64, label: &str) -> i64 {
    load(page)
}

#[graph]
fn all() -> Vec<i64> {
    pages().map(load).collect()
}

#[job]
fn dex() {
    load(clean(load(lit(1)), lit("x")));
    report(all());
}

fn main() {}
