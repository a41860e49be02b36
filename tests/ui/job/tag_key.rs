use orch::prelude::*;

#[op(tags("data team" = "dex"))]
fn load() -> i64 {
    1
}

#[job(tags("orch/team" = "data", "a/b/c" = "d"))]
fn pages() {
    load();
}

fn main() {
    pages();
}
