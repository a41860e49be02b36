use orch::prelude::*;

#[success_hook(on(failed))]
fn tell(context: HookContext) {
    let _ = context;
}

fn main() {}
