use orch::prelude::*;

struct Database(String);

static MAIN: Database = Database(String::new());

#[resource]
fn database() -> &'static Database {
    &MAIN
}

#[resource]
fn url(database: &Res<Database>) -> &str {
    &database.0
}

fn main() {}
