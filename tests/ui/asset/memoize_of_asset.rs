//! What ops in jobs are asked for is said of an asset.

use orch::prelude::*;

#[asset(memoize)]
fn orders() -> i64 {
    1
}

fn main() {}
