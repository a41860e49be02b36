use orch::prelude::*;

#[success_hook]
fn tell(rows: usize) {
    println!("{rows}");
}

fn main() {}
