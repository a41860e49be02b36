//! What is known is known of an output as a whole: an `Optional` one is made of it, `.into()`.

use orch::prelude::*;

#[op]
fn orders() -> Optional<WithMetadata<i64>> {
    Optional::some(WithMetadata::new(1))
}

fn main() {}
