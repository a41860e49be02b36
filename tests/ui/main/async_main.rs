#[orch::main]
async fn definitions() -> Vec<String> {
    Vec::new()
}
