use orch::prelude::*;

#[success_hook]
fn tell(context: HookContext) -> Result<String> {
    Ok(context.op().to_owned())
}

fn main() {}
