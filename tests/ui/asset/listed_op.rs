//! A list of assets names an op.

use orch::prelude::*;

#[op]
fn load() -> i64 {
    1
}

fn main() {
    let _ = Definitions::new().assets(assets![load]);
}
