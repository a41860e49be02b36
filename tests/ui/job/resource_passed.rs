use orch::prelude::*;

struct Database;

#[op]
fn load(page: i64, db: Res<Database>) -> i64 {
    let _ = db;
    page
}

#[job]
fn pages() {
    load(lit(1), Database);
}

fn main() {}
