use orch::prelude::*;

#[derive(Outputs)]
enum Split {
    Small(i64),
    Large(i64),
}

fn main() {}
