use orch::prelude::*;

#[op]
fn split() -> (i64, i64, i64, i64, i64, i64, i64, i64, u8) {
    (1, 2, 3, 4, 5, 6, 7, 8, 9)
}

fn main() {}
