//! What counts when steps are memoized is said of an op whose steps are not.

use orch::prelude::*;

#[op(env = ["RATE"], fingerprint = "function")]
fn double(x: i64) -> i64 {
    x * 2
}

#[op(memoize = "yes")]
fn triple(x: i64) -> i64 {
    x * 3
}

fn main() {}
