use orch::prelude::*;

#[op]
async fn load(page: i64) -> i64 {
    page
}

#[graph]
async fn twice(page: Out<i64>) -> Out<i64> {
    let loaded = load(page).await;
    load(loaded).await
}

#[job]
fn dex() {
    load(twice(lit(1)));
}

fn main() {}
