use orch::prelude::*;

#[run_hook]
fn tell(context: &HookContext) {
    println!("{}", context.step());
}

fn main() {}
