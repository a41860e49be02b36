use orch::prelude::*;

#[op]
fn load(page: i64) -> i64 {
    page
}

#[job]
fn dex() -> Result<()> {
    let page = "7".parse()?;
    load(lit(page));
    Ok(())
}

fn main() {}
