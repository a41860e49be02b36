use orch::prelude::*;

struct Refused;

#[success_hook]
fn tell(context: HookContext) -> Result<(), Refused> {
    let _ = context;
    Err(Refused)
}

fn main() {}
