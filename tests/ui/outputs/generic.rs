use orch::prelude::*;

#[derive(Outputs)]
struct Split<T> {
    small: T,
    large: T,
}

fn main() {}
