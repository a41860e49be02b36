//! The code has a version, and its source is to count too.

use orch::prelude::*;

#[asset(code_version = "2", fingerprint = "function")]
fn orders() -> i64 {
    1
}

fn main() {}
