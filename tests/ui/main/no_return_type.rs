#[orch::main]
fn definitions() {}
