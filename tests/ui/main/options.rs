#[orch::main(flavor = "multi_thread")]
fn definitions() -> Vec<String> {
    Vec::new()
}
