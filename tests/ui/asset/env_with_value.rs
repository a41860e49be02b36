//! A variable is named with its value, and an option is given one.

use orch::prelude::*;

#[asset(env = ["RATE=2"], trust_resources = true)]
fn orders() -> i64 {
    1
}

fn main() {}
