use orch::prelude::*;

#[op]
fn sort(numbers: &mut Vec<i64>) {
    numbers.sort();
}

#[job]
fn sorted() {
    sort(lit(vec![2, 1]));
}

fn main() {}
