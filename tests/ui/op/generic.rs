use orch::prelude::*;

#[op]
fn load<T: Send>(page: T) -> T {
    page
}

#[job]
fn pages() {
    load(lit(1));
}

fn main() {}
