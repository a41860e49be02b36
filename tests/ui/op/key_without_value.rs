use orch::prelude::*;

struct Database;

#[op]
fn load(page: i64, #[key] db: Res<Database>) -> i64 {
    let _ = db;
    page
}

fn main() {}
