use orch::prelude::*;

struct Database;

impl Database {
    #[resource]
    fn open(&self) -> Database {
        Database
    }
}

fn main() {}
