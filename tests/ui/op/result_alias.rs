use orch::prelude::*;

mod own {
    pub type Result = std::result::Result<i64, std::fmt::Error>;
}

#[op]
fn load() -> own::Result {
    Ok(1)
}

fn main() {}
