//! Checks that are ready-made, of any asset. Those of frames are in `orch-polars`.

use std::time::Duration;

use jiff::Timestamp;

use super::{Asset, CheckDef};
use crate::asset::{AssetKey, CheckResult, MaterializationQuery, MetadataValue};
use crate::define::Context;
use crate::failure::Failure;

/// That the asset was materialized within this time before the check looks: named `fresh`.
///
/// In a run that makes the asset it always is; it is a check to be made alone, `assets check`, as often as one wants to know.
///
/// Of an asset with partitions by time it asks of each whether it is late: one that is not there may come until this time after
/// the end of its window, so `assets check orders --partition latest` tells whether the last one lacks. One that is there is
/// fresh for good, whenever it was made: else none would be that a backfill makes, or that is made anew. How long after the end of
/// its window it was made, it tells as `seconds after its end`. Other partitions are fresh as an asset without any is, each by
/// itself.
///
/// ```
/// use std::time::Duration;
///
/// use orch_core::asset::AssetHistory;
/// use orch_core::graph::{Asset, AssetDef, checks};
/// # use std::sync::{Arc, OnceLock};
/// # struct orders;
/// # impl Asset for orders {
/// #     type Value = i64;
/// #     fn asset() -> &'static Arc<AssetDef> {
/// #         static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
/// #         ASSET.get_or_init(|| Arc::new(AssetDef::builder("orders").external::<i64>(None)))
/// #     }
/// # }
///
/// let daily = checks::fresh::<orders>(Duration::from_hours(26));
/// assert_eq!((daily.name(), daily.is_blocking()), ("fresh", false));
/// ```
#[must_use]
#[track_caller]
pub fn fresh<A: Asset>(within: Duration) -> CheckDef {
    CheckDef::builder::<A>("fresh")
        .description(format!("It was materialized within {within:?}."))
        .looks(move |context| look(A::asset().key(), within, context))
}

fn look(asset: &AssetKey, within: Duration, context: &Context) -> Result<CheckResult, Failure> {
    let partition = context.partition().map(|partition| partition.to_string());
    let query =
        MaterializationQuery { partition, observed: Some(false), ..MaterializationQuery::latest(asset) };
    let latest = context.materializations(&query)?.into_iter().next();
    // Of what this run has made nobody may know yet.
    let made = context.makes(asset) && latest.as_ref().is_none_or(|latest| latest.run != context.run_id());
    let time = if made { Some(context.now()) } else { latest.map(|latest| latest.time) };
    if let Some(window) = context.partition_window()? {
        return Ok(here_or_to_come(time, window.end.timestamp(), within, context.now()));
    }
    let Some(time) = time else {
        return Ok(CheckResult::failed("it was never materialized"));
    };
    // A clock that was set back makes nothing older.
    let age = Duration::try_from(context.now().duration_since(time)).unwrap_or_default();
    let result = CheckResult::expect(age <= within, format!("it is {} old", told(age)));
    Ok(result
        .metadata("age in seconds", age.as_secs_f64())
        .metadata("materialized", MetadataValue::Timestamp(time)))
}

/// Whether a partition is there, or may still come after the end of its window.
fn here_or_to_come(made: Option<Timestamp>, end: Timestamp, within: Duration, now: Timestamp) -> CheckResult {
    let since = |time: Timestamp| Duration::try_from(time.duration_since(end)).unwrap_or_default();
    match made {
        Some(time) => CheckResult::passed()
            .metadata("seconds after its end", since(time).as_secs_f64())
            .metadata("materialized", MetadataValue::Timestamp(time)),
        None => {
            let why = format!("it was never materialized, and ended {} ago", told(since(now)));
            CheckResult::expect(since(now) <= within, why)
        }
    }
}

/// In whole units, the largest two of them: `26h 5m`.
fn told(age: Duration) -> String {
    let (hours, minutes, seconds) = (age.as_secs() / 3600, age.as_secs() / 60 % 60, age.as_secs() % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m {seconds}s"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::asset::{AssetHistory, CheckEvaluation, EvaluationQuery, Materialization, ValueAt};
    use crate::ids::RunId;
    use crate::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};

    /// One materialization, by the run 1 at the beginning of time.
    #[derive(Debug)]
    struct Once;

    impl AssetHistory for Once {
        fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
            let made = Materialization {
                asset: query.asset.clone().expect("it is asked of an asset"),
                partition: None,
                run: RunId::from_u128(1),
                event: 1,
                time: Timestamp::UNIX_EPOCH,
                metadata: Default::default(),
                code_version: None,
                data_version: None,
                inputs: Vec::new(),
                recipe: crate::asset::Recipe::new(),
                value: ValueAt::Nowhere,
                stamp: None,
            };
            Ok(vec![made])
        }

        fn evaluations(&self, _: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
            Ok(Vec::new())
        }
    }

    /// Nothing was ever materialized.
    #[derive(Debug)]
    struct Never;

    impl AssetHistory for Never {
        fn materializations(&self, _: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
            Ok(Vec::new())
        }

        fn evaluations(&self, _: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
            Ok(Vec::new())
        }
    }

    struct Daily;

    impl Partitioning for Daily {
        type Kind = ByTime;

        fn definition() -> PartitionsDefinition {
            TimePartitions::daily("2024-01-01").into()
        }
    }

    #[test]
    fn a_partition_may_come_until_some_time_after_its_end() {
        let orders: AssetKey = "orders".parse().expect("a key");
        let at = |context: Context, time: &str| {
            let context = context.with_check_of::<Daily>(orders.clone(), "fresh");
            let context = context.with_time(time.parse().expect("a moment"));
            let result = look(&orders, Duration::from_hours(26), &context).expect("it looks");
            format!("{} {}", result.passed, result.description.unwrap_or_default())
        };
        let second = || Context::for_test("orders.fresh[2024-01-02]").with_run_id(RunId::from_u128(2));
        let never = || second().with_history(Never);
        assert_eq!(at(never(), "2024-01-02T12:00:00Z"), "true ", "it goes on");
        assert_eq!(at(never(), "2024-01-04T02:00:00Z"), "true ");
        let late = "false it was never materialized, and ended 26h 5m ago";
        assert_eq!(at(never(), "2024-01-04T02:05:00Z"), late);
        // What came is there for good.
        assert_eq!(at(second().with_history(Once), "2024-03-01T00:00:00Z"), "true ");
        assert_eq!(at(never().with_made(orders.clone()), "2024-03-01T00:00:00Z"), "true ");
        let late = second().with_history(Never).with_made(orders.clone());
        let late = late.with_check_of::<Daily>(orders.clone(), "fresh");
        let late = late.with_time("2024-02-02T00:00:00Z".parse().expect("a moment"));
        let late = look(&orders, Duration::from_hours(26), &late).expect("it looks");
        assert!(late.passed, "whenever it was made");
        assert_eq!(late.metadata["seconds after its end"], MetadataValue::from(30.0 * 86400.0));
    }

    #[test]
    fn what_is_older_than_it_may_be_is_not_fresh() {
        let orders: AssetKey = "orders".parse().expect("a key");
        let within = Duration::from_hours(26);
        let at = |context: Context, seconds: i64| {
            let context = context.with_time(Timestamp::from_second(seconds).expect("a moment"));
            let result = look(&orders, within, &context).expect("it looks");
            format!("{} {}", result.passed, result.description.unwrap_or_default())
        };
        let alone = || Context::for_test("orders.fresh").with_run_id(RunId::from_u128(2)).with_history(Once);
        assert_eq!(at(alone(), 26 * 3600), "true ");
        assert_eq!(at(alone(), 26 * 3600 + 300), "false it is 26h 5m old");
        assert_eq!(at(alone(), -10), "true ", "a clock was set back");
        // In a run that makes it, it is just made, whether that is known already or not.
        assert_eq!(at(alone().with_made(orders.clone()), 99 * 3600), "true ");
        assert_eq!(at(alone().with_run_id(RunId::from_u128(1)).with_made(orders.clone()), 90), "true ");
        assert_eq!(at(Context::for_test("orders.fresh"), 90), "false it was never materialized");
    }
}
