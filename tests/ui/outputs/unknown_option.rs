use orch::prelude::*;

#[derive(Outputs)]
struct Split {
    #[output(nane = "little")]
    small: i64,
}

fn main() {}
