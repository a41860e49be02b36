use orch::prelude::*;

#[success_hook]
fn tell(ctx: Context) {
    println!("{}", ctx.step());
}

fn main() {}
