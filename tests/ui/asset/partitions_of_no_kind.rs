use orch::prelude::*;

/// It does not say by what it is partitioned.
struct Day;

#[asset(partitions = Day)]
fn sales() -> i64 {
    1
}

fn main() {}
