use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[op]
fn load(page: i64) -> i64 {
    page
}

#[configured(load)]
fn load_fast() -> Load {
    Load { batch: 500 }
}

#[job]
fn pages() {
    load_fast(lit(1));
}

fn main() {}
