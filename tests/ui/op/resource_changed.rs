use orch::prelude::*;

struct Database;

#[op]
fn load(page: i64, db: &mut Res<Database>) -> i64 {
    let _ = db;
    page
}

fn main() {}
