//! Hooks of every form, attached everywhere.

use orch::prelude::*;

mod channel {
    use orch::prelude::*;

    #[success_hook]
    pub async fn tell(context: &HookContext) -> Result<()> {
        let _ = context.outputs();
        Ok(())
    }
}

#[failure_hook(name = "complain_loudly", on(failed, timed_out, canceled, not_executed))]
fn complain(context: HookContext) -> std::io::Result<()> {
    let _ = context.error();
    Ok(())
}

#[run_hook(on(failure, canceled))]
async fn page_me(context: RunHookContext) {
    let _ = context.failed();
}

#[run_hook]
fn ping() {}

#[op]
fn load(page: i64) -> i64 {
    page
}

#[graph(hooks(complain))]
fn clean(x: Out<i64>) -> Out<i64> {
    load(x)
}

#[job(hooks(channel::tell, page_me))]
fn pages() {
    clean(load(lit(1)).hook::<channel::tell>().hook::<complain>());
}

fn main() {
    let definitions = Definitions::new().job(pages()).hook::<ping>().hook::<complain>();
    assert_eq!(definitions.jobs().len(), 1);
}
