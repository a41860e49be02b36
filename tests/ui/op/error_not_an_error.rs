use orch::prelude::*;

struct Broken;

#[op]
fn load() -> Result<i64, Broken> {
    Err(Broken)
}

#[job]
fn pages() {
    print(load());
}

#[op]
fn print(n: i64) {
    println!("{n}");
}

fn main() {}
