//! An observation does not say which asset it looks at.

use orch::prelude::*;

#[asset_observation]
fn written() -> DataVersion {
    DataVersion::new(1)
}

fn main() {
    let _ = written();
}
