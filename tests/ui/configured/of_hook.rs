use orch::prelude::*;

#[derive(Config)]
struct Load {
    batch: u32,
}

#[success_hook]
fn tell(context: HookContext) {
    let _ = context;
}

#[configured(tell)]
fn tell_more() -> Load {
    Load { batch: 500 }
}

fn main() {}
