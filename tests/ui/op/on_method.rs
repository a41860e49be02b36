use orch::prelude::*;

struct Loader;

impl Loader {
    #[op]
    fn load(&self, page: i64) -> i64 {
        page
    }
}

fn main() {}
