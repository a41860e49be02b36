#[orch::main]
fn definitions(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}
