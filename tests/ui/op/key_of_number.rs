use orch::prelude::*;

struct Database;

#[op]
fn load(page: i64, #[key = 5] db: Res<Database>) -> i64 {
    let _ = db;
    page
}

fn main() {}
