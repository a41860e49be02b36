use orch::prelude::*;

#[resource]
fn database() -> Result<()> {
    Ok(())
}

fn main() {}
