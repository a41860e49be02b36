//! Testing ops and jobs: with the feature `testing`, which belongs into the dev-dependencies.
//!
//! ```toml
//! [dev-dependencies]
//! orch = { path = "../orch", features = ["testing"] }
//! insta = "1"     # for snapshots of plans and stories
//! ```
//!
//! # An op
//!
//! is the function that it was. What it takes besides its inputs a test makes of values:
//! [`Context::for_test`](crate::define::Context::for_test), [`Config::new`](crate::config::Config::new),
//! [`Res::new`](crate::define::Res::new).
//!
//! ```
//! use std::sync::Mutex;
//! use orch::prelude::*;
//!
//! #[derive(Config)]
//! struct Batches {
//!     size: usize,
//! }
//!
//! #[derive(Default)]
//! struct Database(Mutex<Vec<String>>);
//!
//! /// Loads the rows of a page in batches, and says how many there were.
//! #[op(retry(max = 3))]
//! fn load(rows: &[i64], batches: Config<Batches>, db: Res<Database>, context: Context) -> Result<usize> {
//!     if context.is_canceled() {
//!         return Err(Failure::new("canceled").not_retryable());
//!     }
//!     for batch in rows.chunks(batches.size) {
//!         db.0.lock().unwrap().push(format!("{} {batch:?}", context.step()));
//!     }
//!     Ok(rows.len().div_ceil(batches.size))
//! }
//!
//! let db = Res::new(Database::default());
//! let batches = Config::new(Batches { size: 2 });
//! let context = Context::for_test("load[100]").with_attempt(2).with_tag("env", "test");
//! assert_eq!(load(&[1, 2, 3], batches, db.clone(), context)?, 2);
//! assert_eq!(*db.0.lock().unwrap(), ["load[100] [1, 2]", "load[100] [3]"]);
//! # Ok::<(), orch::Failure>(())
//! ```
//!
//! An async op is awaited under `#[tokio::test]`. A dynamic output is taken apart with
//! [`Dynamic::into_items`](crate::define::Dynamic::into_items).
//!
//! A hook is called in the same way, with a [`HookContext::for_test`](crate::define::HookContext::for_test) or a
//! [`RunHookContext::for_test`](crate::define::RunHookContext::for_test):
//!
//! ```
//! use std::sync::Mutex;
//! use orch::failure::{ErrorInfo, ErrorKind};
//! use orch::prelude::*;
//!
//! static CHAT: Mutex<Vec<String>> = Mutex::new(Vec::new());
//!
//! #[failure_hook]
//! fn complain(context: &HookContext) {
//!     let error = context.error().map(|error| error.message.clone()).unwrap_or_default();
//!     CHAT.lock().unwrap().push(format!("{}: {error}", context.step()));
//! }
//!
//! let context = HookContext::for_test("load[7]", StepOutcome::Failed);
//! complain(&context.with_error(ErrorInfo::new(ErrorKind::Error, "disk full")));
//! assert_eq!(*CHAT.lock().unwrap(), ["load[7]: disk full"]);
//! ```
//!
//! # A job
//!
//! runs in the test's process, with fakes for its resources. Retries, timeouts and sleeps take no time: the clock jumps.
//!
//! ```
//! use std::sync::Mutex;
//! use std::time::Duration;
//! use orch::prelude::*;
//!
//! /// What the pages are loaded into.
//! trait Store: Send + Sync {
//!     fn put(&self, page: i64) -> Result<()>;
//! }
//!
//! #[op]
//! fn pages() -> Dynamic<i64> {
//!     Dynamic::from_values(0..2)
//! }
//!
//! #[op(retry(max = 3, delay = "1h", backoff = "exponential"))]
//! async fn load(page: i64, store: Res<dyn Store>) -> Result<i64> {
//!     store.put(page)?;
//!     Ok(page)
//! }
//!
//! #[op]
//! fn report(loaded: Vec<i64>) -> usize {
//!     loaded.len()
//! }
//!
//! #[job]
//! fn dex() {
//!     report(pages().map(load).collect());
//! }
//!
//! /// Is full the first time.
//! #[derive(Default)]
//! struct Flaky(Mutex<bool>);
//!
//! impl Store for Flaky {
//!     fn put(&self, _: i64) -> Result<()> {
//!         let asked = std::mem::replace(&mut *self.0.lock().unwrap(), true);
//!         if asked { Ok(()) } else { Err(Failure::new("disk full")) }
//!     }
//! }
//!
//! let run = dex().test().with_shared::<dyn Store>(std::sync::Arc::new(Flaky::default())).run();
//! assert_eq!(*run.assert_success().output::<report>(), 2);
//! assert_eq!(run.took(), Duration::from_secs(3600));
//! assert_eq!(run.story_of("load[0]"), "\
//! STEP_START load[0]
//! STEP_INPUT load[0] page
//! STEP_UP_FOR_RETRY load[0] #1 disk full, again after 3600s
//! STEP_RESTARTED load[0] #2
//! STEP_INPUT load[0] page
//! STEP_OUTPUT load[0] result
//! STEP_SUCCESS load[0] #2");
//! ```
//!
//! [`dex().test()`](crate::graph::Job::test) is the job alone; `definitions().test(&dex())` runs it with all that the
//! program has, and `definitions().test_in("staging", &dex())` in one of its environments. [`TestRun`] has what can be
//! swapped: `.with(..)` a resource, `.config(..)`, `.env("TOKEN", "..")`, `.select("load+")`, `.input(..)`. It tells of the clock
//! and of the order of events too.
//!
//! A run that is to fail is looked at in the same way, [`TestedRun`] has the rest:
//!
//! ```
//! use orch::prelude::*;
//!
//! #[op(retry(max = 10_000, delay = "1d"))]
//! async fn load() -> Result<i64> {
//!     Err(Failure::new("disk full"))
//! }
//!
//! #[op]
//! fn report(loaded: i64) {}
//!
//! #[job]
//! fn dex() {
//!     report(load());
//! }
//!
//! let run = dex().test().run();
//! let failure = run.assert_failure().failure::<load>();
//! assert_eq!((failure.attempts, &*failure.error.message), (10_001, "disk full"));
//! assert_eq!(run.story_of("report"), "STEP_SKIPPED report: load failed");
//! ```
//!
//! # An asset with partitions
//!
//! is a function of its partition, [`Partition::of`](crate::partition::Partition::of) a key, and of the values of others,
//! `Partitions::from_iter([("2024-01-01", 1)])`. A run is for the partitions that [`TestRun::partition`] names:
//!
//! ```
//! use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
//! use orch::prelude::*;
//!
//! struct Daily;
//!
//! impl Partitioning for Daily {
//!     type Kind = ByTime;
//!
//!     fn definition() -> PartitionsDefinition {
//!         TimePartitions::daily("2024-01-01").into()
//!     }
//! }
//!
//! #[asset]
//! fn sold(day: &Partition<Daily>) -> i64 {
//!     i64::from(day.window().start.day())
//! }
//!
//! #[asset]
//! fn total(sold: &Partitions<i64>) -> i64 {
//!     sold.values().sum()
//! }
//!
//! assert_eq!(sold(&Partition::of("2024-01-31")?), 31);
//! assert_eq!(total(&Partitions::from_iter([("2024-01-01", 1), ("2024-01-31", 31)])), 32);
//!
//! let definitions = Definitions::new().assets(assets![sold, total]);
//! let run = definitions.test(&definitions.materialize(&"sold".parse()?)).partition("2024-01-31").run();
//! assert!(run.assert_success().outputs::<sold>().map(|(_, sold)| *sold).eq([31]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Plans and stories
//!
//! [`assert_plan_snapshot!`](crate::testing::assert_plan_snapshot) compares the plan of a job with a snapshot,
//! [`assert_story_snapshot!`](crate::testing::assert_story_snapshot) the events of a run. Both are
//! `insta::assert_snapshot!` of your own insta: a snapshot stands in the test, or as a file in your `snapshots/`, and
//! `cargo insta review` accepts it.
//!
//! ```
//! use orch::prelude::*;
//! use orch::testing::{assert_plan_snapshot, assert_story_snapshot};
//!
//! #[op]
//! fn give() -> i64 {
//!     1
//! }
//!
//! #[job(max_concurrent = 2)]
//! fn one() {
//!     give();
//! }
//!
//! assert_plan_snapshot!(one(), @r"
//! job one
//!   depth_first, 2 at once
//! give() -> i64
//! ");
//! assert_story_snapshot!(one().test().run(), @r"
//! RUN_START one
//! STEP_START give
//! STEP_OUTPUT give result
//! STEP_SUCCESS give
//! RUN_SUCCESS
//! ");
//! ```

pub use orch_core::testing::{TestRun, TestedRun};

#[doc(inline)]
pub use crate::{assert_plan_snapshot, assert_story_snapshot};

/// Compares a plan with a snapshot: of a job, `assert_plan_snapshot!(dex())`, or of a run in the making with what it is
/// given, `assert_plan_snapshot!(dex().test().select("load+"))`.
///
/// The snapshot stands in the test, `assert_plan_snapshot!(dex(), @"..")`, or in a file, which may be given a name,
/// `assert_plan_snapshot!("dex", dex())`. It needs `insta` among the dev-dependencies of your package: it is
/// `insta::assert_snapshot!(dex().plan())`.
///
/// # Panics
/// If the plan is another than the snapshot's, or cannot be made.
#[macro_export]
macro_rules! assert_plan_snapshot {
    ($planned:expr $(, @$snapshot:literal)? $(,)?) => {
        ::insta::assert_snapshot!($planned.plan() $(, @$snapshot)?)
    };
    ($name:expr, $planned:expr $(,)?) => {
        ::insta::assert_snapshot!($name, $planned.plan())
    };
}

/// Compares what happened in a run with a snapshot: `assert_story_snapshot!(dex().test().run())`.
///
/// All is as for [`assert_plan_snapshot!`](crate::testing::assert_plan_snapshot); it is
/// `insta::assert_snapshot!(run.story())`.
///
/// # Panics
/// If the story is another than the snapshot's.
#[macro_export]
macro_rules! assert_story_snapshot {
    ($run:expr $(, @$snapshot:literal)? $(,)?) => {
        ::insta::assert_snapshot!($run.story() $(, @$snapshot)?)
    };
    ($name:expr, $run:expr $(,)?) => {
        ::insta::assert_snapshot!($name, $run.story())
    };
}
