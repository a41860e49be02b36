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

#[derive(Outputs)]
struct Split {
    small: i64,
    large: i64,
}

#[op]
fn split(n: i64) -> Split {
    Split { small: n, large: n }
}

#[job]
fn dex() {
    let Split { small } = split(lit(1));
    load(small);
}

fn main() {}
