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
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[job]
fn dex() {
    add(load(lit(1)));
}

fn main() {}
