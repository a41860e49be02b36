use orch::prelude::*;

#[failure_hook(on(failed, success))]
fn tell(context: HookContext) {
    let _ = context;
}

fn main() {}
