use orch::prelude::*;

#[op]
fn slice(names: &[&str]) -> usize {
    names.len()
}

#[op]
fn list(names: Vec<&str>) -> usize {
    names.len()
}

#[op]
fn option(name: Option<&str>) -> usize {
    name.map_or(0, str::len)
}

#[op]
fn tuple(pair: (&i64, &[u8])) -> usize {
    pair.1.len()
}

#[job]
fn dex() {
    list(lit(vec!["a"]));
}

fn main() {}
