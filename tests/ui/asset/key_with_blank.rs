//! The key has a character that keys cannot have.

use orch::prelude::*;

#[asset(key = "big orders")]
fn orders() -> i64 {
    1
}

fn main() {}
