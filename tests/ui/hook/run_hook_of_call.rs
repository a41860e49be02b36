use orch::prelude::*;

#[op]
fn load() -> i64 {
    1
}

#[run_hook]
fn page_me(context: RunHookContext) {
    let _ = context;
}

#[graph(hooks(page_me))]
fn clean() -> Out<i64> {
    load()
}

#[job]
fn pages() {
    clean();
    load().hook::<page_me>();
}

fn main() {
    pages();
}
