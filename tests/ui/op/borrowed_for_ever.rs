use orch::prelude::*;

#[op]
fn greet(name: &'static str) -> usize {
    name.len()
}

#[op]
fn sum(numbers: &'static [i64]) -> i64 {
    numbers.iter().sum()
}

fn main() {}
