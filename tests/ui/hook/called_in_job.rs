use orch::prelude::*;

#[op]
fn load() -> i64 {
    1
}

#[success_hook]
fn tell(context: HookContext) {
    let _ = context;
}

#[job]
fn pages() {
    tell(load());
}

fn main() {
    pages();
}
