use orch::prelude::*;

struct Database;

fn main() {
    Definitions::new().resource_from::<Database>();
}
