use orch::prelude::*;

struct Database;

#[op]
fn database() -> i64 {
    1
}

fn main() {
    let _ = Database;
    Definitions::new().resource_from::<database>();
}
