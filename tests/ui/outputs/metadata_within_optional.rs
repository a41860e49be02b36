//! An `Optional` field is made of a value with metadata, `.into()`.

use orch::prelude::*;

#[derive(Outputs)]
struct Shop {
    orders: Optional<WithMetadata<i64>>,
}

fn main() {}
