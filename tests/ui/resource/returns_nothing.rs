use orch::prelude::*;

#[resource]
fn database() {
    println!("open");
}

fn main() {}
