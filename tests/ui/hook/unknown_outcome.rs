use orch::prelude::*;

#[failure_hook(on(failed, time_out))]
fn tell(context: HookContext) {
    let _ = context;
}

fn main() {}
