use orch::prelude::*;

#[run_hook]
fn tell<T: Default>(context: RunHookContext) {
    let _ = (context, T::default());
}

fn main() {}
