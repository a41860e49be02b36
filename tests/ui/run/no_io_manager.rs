use orch::prelude::*;

#[op]
fn load(page: i64) -> i64 {
    page
}

#[job]
fn dex() {
    load(lit(1));
}

struct Files;

fn main() {
    let _ = Definitions::new().job(dex()).io::<i64>("files", Files);
}
