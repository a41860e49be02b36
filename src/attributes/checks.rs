//! The attribute that checks data, with all that it takes.

#[expect(unused_imports, reason = "what is said of the attribute names them")]
use orch_core::{asset, event, run};

#[expect(unused_imports, reason = "as above")]
use super::op;

/// Makes a check of a function: it looks at an asset and says whether it is as it should be.
///
/// The function stays what it is, and is an op, as that of an asset is: it may take the asset that it looks at, other
/// assets, configuration, resources and its context, in the same ways. A check that takes nothing looks by itself.
///
/// ```
/// use orch::prelude::*;
///
/// #[asset]
/// fn orders() -> Vec<i64> {
///     vec![3, -1, 5]
/// }
///
/// /// No amount is below zero.
/// #[asset_check(asset = orders, blocking)]
/// fn no_negative_amounts(orders: &[i64]) -> CheckResult {
///     let negative = orders.iter().filter(|amount| **amount < 0).count();
///     CheckResult::expect(negative == 0, "there are negative amounts").metadata("negative", negative as i64)
/// }
///
/// #[asset]
/// fn report(orders: &[i64]) -> i64 {
///     orders.iter().sum()
/// }
///
/// // A test calls it.
/// assert!(no_negative_amounts(&[1, 2]).passed);
///
/// // The run of all tells what it has found, and makes no report of such orders.
/// let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![no_negative_amounts]);
/// let error = definitions.materialize(&"*".parse()?).run_blocking().unwrap_err();
/// let story = orch::report::story(error.run().expect("it began").events());
/// assert!(story.contains("ASSET_CHECK_EVALUATION orders.no_negative_amounts orders failed: there are negative amounts"));
/// assert!(story.contains("STEP_SKIPPED report: orders.no_negative_amounts failed"));
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// # When it looks, and what follows
///
/// In a run that makes the asset, its checks are steps after it, named after both: `orders.no_negative_amounts`. What such a
/// step returns is a [`CheckResult`](asset::CheckResult), or a `bool`, by itself or in a `Result`; the event
/// [`AssetCheckEvaluation`](event::EventKind::AssetCheckEvaluation) tells it, and it is kept apart from the run, as the
/// materialization is that it looked at.
///
/// | the check | its step | what is made of the asset in this run | the run |
/// |---|---|---|---|
/// | has passed | succeeds | is made | goes on |
/// | has not, as a warning | succeeds | is made | goes on |
/// | has not, and is not blocking | succeeds | is made | goes on |
/// | has not, and is blocking | fails, and is not tried again | is skipped | fails |
/// | fails itself, and is not blocking | fails | is made | fails |
/// | fails itself, and is blocking | fails | is skipped | fails |
///
/// The materialization of the asset stays in any case. Whatever is not made of the asset does not wait. A function that fails
/// itself, by an error or a panic, has found nothing out, so no evaluation is told; it is tried again if `retry` says so.
///
/// # Partitions
///
/// A check of an asset with partitions looks at each of them by a step of its own, `orders.positive[2024-01-31]`, behind the step
/// that makes it and in the same map. Its function may take the partition, `day: &Partition<Daily>`, of those that the asset has.
/// What the table says of what is made of the asset holds of that partition: what takes it is not made, be it one partition of
/// another asset or what is made of many, and the others go on. Nor is made what only names the asset in `deps` and has other
/// partitions or none, if one of those that it waits for is stopped, or was not made: a step before it, `wait_for_orders`, fails
/// and says why. Other checks of the partition look all the same.
///
/// It takes other assets as an [`asset`](macro@crate::asset) with these partitions does: the same partition, one without any, or
/// others with `#[mapped(..)]` and as `&Partitions<T>`. If it takes other partitions of one that the run makes, it looks behind all
/// of these, and cannot be blocking; in a backfill, which makes them by many runs, it is refused.
///
/// # Alone
///
/// Checks look alone in the job of [`check_assets`](run::Definitions::check_assets), at what was materialized last; those of
/// assets that others make look there and nowhere else.
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `asset = path::to::orders` | the asset that it looks at |
/// | `blocking` | what is made of the asset waits for it |
/// | `name = "other"` | its name among the checks of the asset; by default the function's |
/// | `description = "What it looks for."` | by default the first paragraph of the doc comment |
/// | `deps = [customers]` | assets that are to be there before, and that it reads by itself |
/// | `tags`, `priority`, `retry`, `timeout`, `pool`, `isolate`, `memory` | as of [`macro@op`] |
pub use orch_macros::asset_check;
