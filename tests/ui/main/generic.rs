#[orch::main]
fn definitions<T: Default>() -> T {
    T::default()
}
