use orch::prelude::*;

#[op]
fn load(page: i64, ctx: Context, again: &Context) -> i64 {
    let _ = (ctx, again);
    page
}

fn main() {}
