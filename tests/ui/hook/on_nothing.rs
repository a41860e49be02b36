use orch::prelude::*;

#[run_hook(on())]
fn tell(context: RunHookContext) {
    let _ = context;
}

fn main() {}
