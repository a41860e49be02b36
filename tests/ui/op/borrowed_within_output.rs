use orch::prelude::*;

#[op]
fn list(numbers: &[i64]) -> Vec<&i64> {
    numbers.iter().collect()
}

#[op]
fn first(names: &[String]) -> Result<Option<&str>> {
    Ok(names.first().map(String::as_str))
}

#[op]
fn split(text: &String) -> (&str, usize) {
    (text, text.len())
}

#[op]
fn slice(numbers: &Vec<i64>) -> &[i64] {
    numbers
}

fn main() {}
