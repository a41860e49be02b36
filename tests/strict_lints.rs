//! Code that the macros write is clean under lints as strict as a user may set them; `cargo clippy` checks this file.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    dead_code,
    single_use_lifetimes,
    unused_lifetimes,
    let_underscore_drop,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::unwrap_used,
    clippy::absolute_paths,
    clippy::missing_inline_in_public_items,
    clippy::std_instead_of_core,
    clippy::exhaustive_structs
)]
// Said of the functions below as they are written.
#![expect(clippy::missing_inline_in_public_items, clippy::exhaustive_structs, reason = "this is no library")]

/// A module of ops.
pub mod ops {
    use std::env::var;

    use orch::prelude::*;

    /// Pages of numbers.
    ///
    /// # Errors
    /// Never.
    #[op(retry(max = 2, delay = "1s", backoff = "linear", jitter = "plus_minus"), tags(team = "data"), priority = -1)]
    pub fn pages(count: usize) -> Result<Dynamic<i64>> {
        Ok(Dynamic::from_values((0_i64..).take(count)))
    }

    /// Where pages come from.
    #[derive(Config, Clone, Debug)]
    pub struct Source {
        /// How many rows a page has.
        #[config(default = 50, range = 1..=1000)]
        pub batch: u32,
        server: Server,
    }

    #[derive(Config, Clone, Debug)]
    #[config(tag = "kind")]
    enum Server {
        Local,
        Remote { token: Secret<String> },
    }

    /// Loads a page.
    #[op]
    pub(crate) async fn load(page: i64, context: Context) -> i64 {
        let _ = context.attempt();
        page
    }

    #[op]
    pub(super) fn many(
        one: i64,
        two: i64,
        three: i64,
        four: i64,
        five: i64,
        six: i64,
        others: &[i64],
    ) -> i64 {
        one + two + three + four + five + six + others.iter().sum::<i64>()
    }

    /// Tells.
    ///
    /// # Errors
    /// Never.
    #[success_hook]
    pub async fn tell(context: &HookContext) -> Result<()> {
        let _ = context.attempt();
        Ok(())
    }

    #[failure_hook(name = "complaint", on(failed, canceled))]
    pub(crate) fn complain() {
        drop(var("CHANNEL"));
    }

    /// Pages someone.
    #[run_hook(on(failure))]
    pub fn page_me(context: RunHookContext) {
        drop(context);
    }

    /// Two outputs.
    #[derive(Debug, Outputs)]
    pub struct Parts {
        /// One.
        pub one: i64,
        /// Two.
        #[output(name = "second")]
        pub two: Optional<String>,
    }

    /// Parts of a number.
    #[op]
    #[must_use]
    pub fn parts(n: i64) -> Parts {
        Parts { one: n, two: var("TWO").ok().into() }
    }
}

use ops::{Parts, complain, load, many, page_me, pages, parts, tell};
use orch::prelude::*;

/// A part of a job.
#[graph(hooks(complain))]
pub fn twice(page: Out<i64>) -> Out<i64> {
    load(load(page))
}

/// The job.
#[job(max_concurrent = 2, order = "depth_first", limit("team", 1), hooks(tell, page_me))]
pub fn numbers() {
    let loaded = pages(lit(3)).map(load).map(|page| twice(page)).collect();
    let one = load(lit(1)).named("one").hook::<tell>();
    let Parts { one: first, .. } = parts(one);
    many(one, one, one, one, one, first, loaded);
}

#[test]
fn the_job_is_built() {
    assert_eq!(numbers().name(), "numbers");
}
