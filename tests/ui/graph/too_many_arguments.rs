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
fn clean(page: Out<i64>) -> Out<i64> {
    load(page)
}

#[job]
fn dex() {
    let page = load(lit(1));
    clean(page, page);
}

fn main() {}
