//! Checks of assets with partitions: each looks at each partition, right behind the step that makes it.

mod going;
mod held;
mod history;
mod mistakes;
mod stored;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use orch::asset::{CheckEvaluation, EvaluationQuery};
use orch::partition::{ByKey, ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::Storage;

use super::story;
use crate::assets::storage;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-29").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").until("2024-01-28").into()
    }
}

struct Region;

impl Partitioning for Region {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["eu", "us"])
    }
}

/// On which day of the month the till is broken; 0 for none.
struct Broken(Arc<AtomicI64>);

/// What was sold; what the till says is negative if it is broken.
#[asset]
fn sold(day: &Partition<Daily>, broken: Res<Broken>) -> i64 {
    let today = i64::from(day.window().start.day());
    if today == broken.0.load(Ordering::SeqCst) { -today } else { today }
}

#[asset(partitions = Daily)]
fn revenue(sold: i64) -> i64 {
    sold * 10
}

#[asset]
fn week(_week: &Partition<Weekly>, revenue: &Partitions<i64>) -> i64 {
    revenue.values().sum()
}

#[asset]
fn best(#[mapped(PartitionMapping::all().allow_missing())] sold: &Partitions<i64>) -> i64 {
    sold.values().copied().max().unwrap_or_default()
}

/// Nothing is given back.
#[asset_check(asset = sold, blocking)]
fn positive(sold: i64, day: &Partition<Daily>) -> CheckResult {
    CheckResult::expect(sold > 0, format!("{sold} on {}", day.key())).metadata("sold", sold)
}

#[asset_check(asset = revenue)]
fn enough(revenue: i64) -> CheckResult {
    CheckResult::expect(revenue >= 30, format!("only {revenue}")).severity(Severity::Warn)
}

struct Shop {
    definitions: Definitions,
    storage: Arc<dyn Storage>,
    broken: Arc<AtomicI64>,
}

impl Shop {
    fn of(definitions: Definitions) -> Self {
        let broken = Arc::new(AtomicI64::new(0));
        let definitions = definitions.resource(Broken(Arc::clone(&broken)));
        Self { definitions, storage: storage(), broken }
    }

    fn new() -> Self {
        let assets = assets![sold, revenue, week, best];
        Self::of(Definitions::new().assets(assets).checks(checks![positive, enough]))
    }

    fn broken_on(&self, day: i64) {
        self.broken.store(day, Ordering::SeqCst);
    }

    fn materialize(&self, selection: &str, partition: &str) -> Result<Run, RunError> {
        self.run(&self.definitions.materialize(&selection.parse().expect("a selection")), partition)
    }

    fn check(&self, selection: &str, partition: &str) -> Result<Run, RunError> {
        self.run(&self.definitions.check_assets(&selection.parse().expect("a selection")), partition)
    }

    fn run(&self, job: &Job, partition: &str) -> Result<Run, RunError> {
        let runner = self.definitions.runner(job).record(&self.storage).partition(partition);
        runner.max_concurrent(1).keep_outputs().keep_events().run_blocking()
    }

    /// What checks have found, the oldest first, with the partitions.
    fn found(&self) -> String {
        let facts = self.storage.evaluations(&EvaluationQuery::default()).expect("what is known");
        let told = |fact: &CheckEvaluation| {
            let word = if fact.result.passed { "passed" } else { fact.result.severity.name() };
            let target = match &fact.target {
                Some(target) if target.run == fact.run => "what its run has made",
                Some(_) => "what an earlier run has made",
                None => "nothing known",
            };
            let partition = fact.partition.as_deref().unwrap_or("-");
            format!("{}[{partition}] {}: {word} ({target})", fact.asset, fact.check)
        };
        facts.iter().rev().map(told).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_check_stands_in_the_map_behind_what_makes_the_partition() {
    let plan = Shop::new().definitions.materialize(&"*".parse().expect("all")).plan();
    insta::assert_snapshot!(plan, @r"
    job materialize
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        sold(day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset sold
          | resources Broken
        sold.positive(sold: i64 <- sold, day: &Partition<Daily> <- each daily_partitions) -> CheckResult
          | checks asset sold, blocking
        revenue(sold: i64 <- sold) -> i64
          | makes asset revenue
          | after sold.positive
        revenue.enough(revenue: i64 <- revenue) -> CheckResult
          | checks asset revenue
    weekly_partitions() -> dynamic Partition<Weekly>
    map weekly_partitions
        read_revenue() -> Partitions<i64>
          | loads asset revenue
          | after all_daily_partitions
        week(_week: &Partition<Weekly> <- each weekly_partitions, revenue: &Partitions<i64> <- read_revenue) -> i64
          | makes asset week
    all_daily_partitions(partitions: &Vec<Partition<Daily>> <- collect each daily_partitions) -> ()
    read_sold() -> Partitions<i64>
      | loads asset sold
      | after all_daily_partitions
    best(sold: &Partitions<i64> <- read_sold) -> i64
      | makes asset best
    ");
}

#[test]
fn a_partition_that_is_not_as_it_should_be_stops_what_is_made_of_it_and_no_other() {
    let shop = Shop::new();
    shop.broken_on(3);
    let ran = shop.materialize("sold or revenue", "2024-01-02..2024-01-04");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-04
    ASSET_MATERIALIZATION sold[2024-01-02] sold 2024-01-02
    STEP_SUCCESS sold[2024-01-02]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-02] sold 2024-01-02 passed
    STEP_SUCCESS sold.positive[2024-01-02]
    ASSET_MATERIALIZATION revenue[2024-01-02] revenue 2024-01-02
    STEP_SUCCESS revenue[2024-01-02]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-02] revenue 2024-01-02 warned: only 20
    STEP_SUCCESS revenue.enough[2024-01-02]
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    STEP_SUCCESS sold[2024-01-03]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 failed: -3 on 2024-01-03
    STEP_FAILURE sold.positive[2024-01-03] the blocking check `positive` of the asset `sold[2024-01-03]` has not passed: -3 on 2024-01-03
    STEP_SKIPPED revenue[2024-01-03]: sold.positive[2024-01-03] failed
    STEP_SKIPPED revenue.enough[2024-01-03]: sold.positive[2024-01-03] failed
    ASSET_MATERIALIZATION sold[2024-01-04] sold 2024-01-04
    STEP_SUCCESS sold[2024-01-04]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-04] sold 2024-01-04 passed
    STEP_SUCCESS sold.positive[2024-01-04]
    ASSET_MATERIALIZATION revenue[2024-01-04] revenue 2024-01-04
    STEP_SUCCESS revenue[2024-01-04]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-04] revenue 2024-01-04 passed
    STEP_SUCCESS revenue.enough[2024-01-04]
    STREAM_CLOSED daily_partitions result, 3 items
    STEP_SUCCESS daily_partitions
    RUN_FAILURE 1 step failed, the first is sold.positive[2024-01-03]
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] positive: passed (what its run has made)
    revenue[2024-01-02] enough: warn (what its run has made)
    sold[2024-01-03] positive: error (what its run has made)
    sold[2024-01-04] positive: passed (what its run has made)
    revenue[2024-01-04] enough: passed (what its run has made)
    ");
    let kept = crate::assets::facts(&shop.storage);
    assert!(kept.contains("sold[2024-01-03]"), "the materialization stays: {kept}");
}

#[test]
fn what_takes_several_partitions_does_not_take_one_that_is_stopped() {
    let shop = Shop::new();
    shop.broken_on(9);
    let ran = shop.materialize("*", "2024-01-07..2024-01-13");
    let story = story(&ran);
    let of_a_day = |line: &&str| {
        let step = line.split(' ').nth(1).unwrap_or_default();
        ["sold", "revenue"].iter().any(|asset| step.starts_with(asset))
    };
    let told: Vec<_> = story.lines().filter(|line| !of_a_day(line)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-13
    STREAM_CLOSED daily_partitions result, 7 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SKIPPED read_sold: sold.positive[2024-01-09] failed
    STEP_SKIPPED best: sold.positive[2024-01-09] failed
    STEP_SKIPPED read_revenue[2024-01-07]: sold.positive[2024-01-09] failed
    STEP_SKIPPED week[2024-01-07]: sold.positive[2024-01-09] failed
    STREAM_CLOSED weekly_partitions result, 1 item
    STEP_SUCCESS weekly_partitions
    RUN_FAILURE 1 step failed, the first is sold.positive[2024-01-09]
    ");
}

#[test]
fn checks_look_alone_at_the_partitions_that_are_named() {
    let shop = Shop::new();
    shop.materialize("sold or revenue", "2024-01-02..2024-01-04").expect("all is well");
    let ran = shop.check("sold or revenue", "2024-01-03..2024-01-04");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START check_assets orch/partition=2024-01-03..2024-01-04
    STEP_SUCCESS read_sold[2024-01-03]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 passed
    STEP_SUCCESS sold.positive[2024-01-03]
    STEP_SUCCESS read_revenue[2024-01-03]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-03] revenue 2024-01-03 passed
    STEP_SUCCESS revenue.enough[2024-01-03]
    STEP_SUCCESS read_sold[2024-01-04]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-04] sold 2024-01-04 passed
    STEP_SUCCESS sold.positive[2024-01-04]
    STEP_SUCCESS read_revenue[2024-01-04]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-04] revenue 2024-01-04 passed
    STEP_SUCCESS revenue.enough[2024-01-04]
    STREAM_CLOSED daily_partitions result, 2 items
    STEP_SUCCESS daily_partitions
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] positive: passed (what its run has made)
    revenue[2024-01-02] enough: warn (what its run has made)
    sold[2024-01-03] positive: passed (what its run has made)
    revenue[2024-01-03] enough: passed (what its run has made)
    sold[2024-01-04] positive: passed (what its run has made)
    revenue[2024-01-04] enough: passed (what its run has made)
    sold[2024-01-03] positive: passed (what an earlier run has made)
    revenue[2024-01-03] enough: passed (what an earlier run has made)
    sold[2024-01-04] positive: passed (what an earlier run has made)
    revenue[2024-01-04] enough: passed (what an earlier run has made)
    ");
    let plan = shop.definitions.check_assets(&"*".parse().expect("all")).plan();
    insta::assert_snapshot!(plan, @r"
    job check_assets
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        read_sold() -> i64
          | loads asset sold
        sold.positive(sold: i64 <- read_sold, day: &Partition<Daily> <- each daily_partitions) -> CheckResult
          | checks asset sold, blocking
        read_revenue() -> i64
          | loads asset revenue
        revenue.enough(revenue: i64 <- read_revenue) -> CheckResult
          | checks asset revenue
    ");
}

/// What a week comes to at least.
#[asset]
fn limit() -> i64 {
    50
}

/// It takes what has no partitions, and the days of the week of another asset.
#[asset_check(asset = week)]
fn plausible(week: i64, limit: i64, sold: &Partitions<i64>) -> CheckResult {
    let found = format!("{week} of {} days, and at least {limit}", sold.len());
    CheckResult::expect(week > limit && week == sold.values().sum::<i64>() * 10, &found).description(&found)
}

#[test]
fn which_weeks_are_looked_at_follows_from_the_days_that_are_looked_at() {
    let definitions = Definitions::new().assets(assets![sold, revenue, week, limit]);
    let shop = Shop::of(definitions.checks(checks![enough, plausible]));
    shop.materialize("*", "2024-01-07..2024-01-13").expect("all is well");
    insta::assert_snapshot!(shop.found().lines().last().expect("a finding"), @"week[2024-01-07] plausible: passed (what its run has made)");
    let ran = shop.check("revenue or week", "2024-01-07..2024-01-13");
    let told: Vec<_> = story(&ran).lines().filter(|line| line.contains("week")).map(str::to_owned).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    STEP_SUCCESS read_week[2024-01-07]
    ASSET_CHECK_EVALUATION week.plausible[2024-01-07] week 2024-01-07 passed: 700 of 7 days, and at least 50
    STEP_SUCCESS week.plausible[2024-01-07]
    STREAM_CLOSED weekly_partitions result, 1 item
    STEP_SUCCESS weekly_partitions
    ");
}

/// It compares with the day before, behind all days.
#[asset_check(asset = sold)]
fn grows(
    sold: i64,
    #[from(sold)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> CheckResult {
    let before = before.values().next().copied().unwrap_or_default();
    CheckResult::expect(sold > before, format!("{sold} after {before}"))
        .description(format!("{sold} after {before}"))
}

#[test]
fn a_check_takes_other_partitions_behind_all_of_them() {
    let definitions = Definitions::new().assets(assets![sold]).checks(checks![grows]);
    let shop = Shop::of(definitions);
    insta::assert_snapshot!(shop.definitions.materialize(&"sold".parse().expect("one")).plan(), @r"
    job materialize
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        sold(day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset sold
          | resources Broken
    daily_partitions_2 = daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions_2
        read_sold() -> i64
          | loads asset sold
          | after all_daily_partitions
        read_sold_2 = read_sold() -> Partitions<i64>
          | loads asset sold
          | after all_daily_partitions
        sold.grows(sold: i64 <- read_sold, before: &Partitions<i64> <- read_sold_2) -> CheckResult
          | checks asset sold
    all_daily_partitions(partitions: &Vec<Partition<Daily>> <- collect each daily_partitions) -> ()
    ");
    shop.broken_on(3);
    let ran = shop.materialize("sold", "2024-01-02..2024-01-04");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-04
    ASSET_MATERIALIZATION sold[2024-01-02] sold 2024-01-02
    STEP_SUCCESS sold[2024-01-02]
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    STEP_SUCCESS sold[2024-01-03]
    ASSET_MATERIALIZATION sold[2024-01-04] sold 2024-01-04
    STEP_SUCCESS sold[2024-01-04]
    STREAM_CLOSED daily_partitions result, 3 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SUCCESS read_sold[2024-01-02]
    STEP_SUCCESS read_sold_2[2024-01-02]
    ASSET_CHECK_EVALUATION sold.grows[2024-01-02] sold 2024-01-02 passed: 2 after 0
    STEP_SUCCESS sold.grows[2024-01-02]
    STEP_SUCCESS read_sold[2024-01-03]
    STEP_SUCCESS read_sold_2[2024-01-03]
    ASSET_CHECK_EVALUATION sold.grows[2024-01-03] sold 2024-01-03 failed: -3 after 2
    STEP_SUCCESS sold.grows[2024-01-03]
    STEP_SUCCESS read_sold[2024-01-04]
    STEP_SUCCESS read_sold_2[2024-01-04]
    ASSET_CHECK_EVALUATION sold.grows[2024-01-04] sold 2024-01-04 passed: 4 after -3
    STEP_SUCCESS sold.grows[2024-01-04]
    STREAM_CLOSED daily_partitions_2 result, 3 items
    STEP_SUCCESS daily_partitions_2
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] grows: passed (what its run has made)
    sold[2024-01-03] grows: error (what its run has made)
    sold[2024-01-04] grows: passed (what its run has made)
    ");
}

/// Of two regions.
#[asset]
fn stock(region: &Partition<Region>) -> i64 {
    if region.key().as_str() == "eu" { 7 } else { 0 }
}

#[asset_check(asset = stock, blocking)]
fn filled(stock: i64) -> bool {
    stock > 0
}

#[test]
fn partitions_need_not_be_by_time() {
    let shop = Shop::of(Definitions::new().assets(assets![stock]).checks(checks![filled]));
    insta::assert_snapshot!(story(&shop.materialize("stock", "*")), @r"
    RUN_START materialize orch/partition=eu, us
    ASSET_MATERIALIZATION stock[eu] stock eu
    STEP_SUCCESS stock[eu]
    ASSET_CHECK_EVALUATION stock.filled[eu] stock eu passed
    STEP_SUCCESS stock.filled[eu]
    ASSET_MATERIALIZATION stock[us] stock us
    STEP_SUCCESS stock[us]
    ASSET_CHECK_EVALUATION stock.filled[us] stock us failed
    STEP_FAILURE stock.filled[us] the blocking check `filled` of the asset `stock[us]` has not passed
    STREAM_CLOSED region_partitions result, 2 items
    STEP_SUCCESS region_partitions
    RUN_FAILURE 1 step failed, the first is stock.filled[us]
    ");
}

#[test]
fn with_no_checks_nothing_looks() {
    let shop = Shop::new();
    shop.broken_on(3);
    let job = shop.definitions.materialize_unchecked(&"sold or revenue".parse().expect("a selection"));
    shop.run(&job, "2024-01-03").expect("nothing is stopped");
    assert_eq!(shop.found(), "");
}
