#[orch::main]
fn main() -> Vec<String> {
    Vec::new()
}
