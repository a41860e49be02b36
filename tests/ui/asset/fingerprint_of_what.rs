//! There is no fingerprint of that.

use orch::prelude::*;

#[asset(fingerprint = "module")]
fn orders() -> i64 {
    1
}

fn main() {}
