use orch::prelude::*;

struct Database;

#[op]
fn load(page: i64, db: Res<Database>) -> i64 {
    let _ = db;
    page
}

#[graph]
fn pages(page: Out<i64>, db: Res<Database>) -> Out<i64> {
    load(page)
}

fn main() {}
