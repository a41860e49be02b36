use orch::prelude::*;

#[op]
fn load(page: i64) -> i64 {
    page
}

#[job]
fn dex() {
    load(lit(1));
}

fn main() {
    let run = dex().run_blocking().unwrap();
    run.output::<String>();
}
