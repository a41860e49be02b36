use orch::prelude::*;

#[derive(Outputs)]
struct Split {
    small: i64,
    #[output(name = "small")]
    large: i64,
}

fn main() {}
