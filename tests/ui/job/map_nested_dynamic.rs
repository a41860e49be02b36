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
fn links(page: i64) -> Dynamic<i64> {
    Dynamic::from_values(0..page)
}

#[job]
fn dex() {
    pages().map(links).map(load);
}

fn main() {}
