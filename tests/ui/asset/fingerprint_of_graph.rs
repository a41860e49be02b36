//! A graph is to count by its function, which says nothing of its ops.

use orch::prelude::*;

#[op]
fn one() -> i64 {
    1
}

#[graph_asset(fingerprint = "function")]
fn orders() -> Out<i64> {
    one()
}

fn main() {}
