use orch::prelude::*;

#[op]
async fn load(page: i64) -> i64 {
    page
}

#[job]
async fn dex() {
    let loaded = load(lit(1)).await;
    load(loaded).await;
}

fn main() {}
