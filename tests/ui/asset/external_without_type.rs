//! What others make is something in memory too.

use orch::prelude::*;

#[external_asset]
fn rate(of: i64);

fn main() {}
