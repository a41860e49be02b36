//! What has failed is asked for: why, and what can be done; also by whoever looks at what is made of it.

use std::io;

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::ids::RunId;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-08").into()
    }
}

/// Lines of the log of a day.
#[asset]
fn lines(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

/// What does not parse is told with where.
#[asset(partitions = Daily)]
fn errors(lines: i64) -> Result<i64> {
    match lines {
        4 => {
            let broken = io::Error::other("the disk `logs` is full");
            Err(Failure::from(broken).context("the log of that day is lost").hint("ask for it at the site"))
        }
        6 => Err(Failure::new("the log of that day is empty")),
        lines => Ok(lines * 10),
    }
}

#[asset(partitions = Daily)]
fn alerts(errors: i64) -> i64 {
    errors / 2
}

/// Each day adds to the day before.
#[asset(partitions = Daily)]
fn total(alerts: i64, #[mapped(PartitionMapping::time_window(-1, -1))] total: Option<i64>) -> i64 {
    total.unwrap_or_default() + alerts
}

#[asset]
fn report(#[mapped(PartitionMapping::all())] alerts: &Partitions<i64>) -> usize {
    alerts.len()
}

fn site() -> Definitions {
    Definitions::new().assets(assets![lines, errors, alerts, total, report])
}

/// The days of the first week but the last were asked for, one after the other.
fn failed() -> Shop {
    let mut kept = Shop::empty();
    let days = "lines+ and not report".parse().expect("a selection");
    kept.put_failing(2, &site(), &days, |runner| runner.partition("2024-01-01..2024-01-06"));
    kept
}

#[test]
fn why_a_partition_failed_is_told_with_what_makes_it_again() {
    let kept = failed();
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-04"), @r"
    exit 0
    --- stdout
    errors[2024-01-04] is missing
      the last attempt failed, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
      hint: ask for it at the site
      it was never materialized
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes it again
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors"), @r"
    exit 0
    --- stdout
    errors has 7 partitions: 4 fresh, 3 missing, 2 failed
      failed 2024-01-04, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
      failed 2024-01-06, in the run 019a5f3c 2h ago: the log of that day is empty
      missing 2024-01-04, 2024-01-06..2024-01-07: it was never materialized
    --- stderr
    hint: `program materialize errors --partition '2024-01-04, 2024-01-06'` makes it again
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    errors[2024-01-07] is missing
      it was never materialized
    ");
}

#[test]
fn what_is_downstream_names_what_failed_before_it() {
    let kept = failed();
    insta::assert_snapshot!(kept.session(site(), "why alerts --partition 2024-01-04"), @r"
    exit 0
    --- stdout
    alerts[2024-01-04] is missing
      it was never materialized
      what it is made of failed: `errors[2024-01-04]`, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(site(), "why alerts"), @r"
    exit 0
    --- stdout
    alerts has 7 partitions: 4 fresh, 3 missing
      missing 2024-01-04, 2024-01-06: it was never materialized, and what it is made of failed
      missing 2024-01-07: it was never materialized
      what it is made of failed: `errors[2024-01-04]`, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(site(), "why total --partition 2024-01-06"), @r"
    exit 0
    --- stdout
    total[2024-01-06] is missing
      it was never materialized
      what it is made of failed: `errors[2024-01-04]`, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(site(), "why total"), @r"
    exit 0
    --- stdout
    total has 7 partitions: 3 fresh, 4 missing
      missing 2024-01-04..2024-01-07: it was never materialized, and what it is made of failed
      what it is made of failed: `errors[2024-01-04]`, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(site(), "why report"), @r"
    exit 0
    --- stdout
    report is missing
      it was never materialized
      what it is made of failed: `errors[2024-01-04]`, in the run 019a5f3c 2h ago: the log of that day is lost: the disk `logs` is full
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(site(), "why alerts --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    alerts[2024-01-07] is missing
      it was never materialized
    ");
}

#[test]
fn what_reads_several_days_is_skipped_for_the_one_that_failed() {
    let days = "materialize --all --partition 2024-01-01..2024-01-07 --max-concurrent 1 --progress none";
    let site = || Ok(Definitions::new().assets(assets![lines, errors, alerts, report]));
    insta::assert_snapshot!(session(site, days), @r"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 25 steps: 19 succeeded, 2 failed, 4 skipped
          Failed [<time>] errors[2024-01-04]
                 the log of that day is lost
                   caused by: the disk `logs` is full
                   hint: ask for it at the site
          Failed [<time>] errors[2024-01-06]
                 the log of that day is empty
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized lines[2024-01-01]
    Materialized errors[2024-01-01]
    Materialized alerts[2024-01-01]
    Materialized lines[2024-01-02]
    Materialized errors[2024-01-02]
    Materialized alerts[2024-01-02]
    Materialized lines[2024-01-03]
    Materialized errors[2024-01-03]
    Materialized alerts[2024-01-03]
    Materialized lines[2024-01-04]
    Materialized lines[2024-01-05]
    Materialized errors[2024-01-05]
    Materialized alerts[2024-01-05]
    Materialized lines[2024-01-06]
    Materialized lines[2024-01-07]
    Materialized errors[2024-01-07]
    Materialized alerts[2024-01-07]
    ");
}

#[test]
fn of_a_run_that_was_removed_is_told_that_nobody_knows_more() {
    let kept = failed();
    let run = RunId::from_u128(0x019a_5f3c_0002_7000_8000_0000_0000_0002);
    kept.removed(run);
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-06"), @r"
    exit 0
    --- stdout
    errors[2024-01-06] is missing
      the last attempt failed, in the run 019a5f3c 2h ago; why nobody knows any more: its log is not there
      it was never materialized
    --- stderr
    hint: `program materialize errors --partition '2024-01-06'` makes it again
    ");
}

/// The orders of today.
#[asset]
fn orders() -> Result<Vec<i64>> {
    Err(Failure::new("the shop does not answer"))
}

#[op]
fn spread(orders: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(orders)
}

#[op]
fn check(order: i64) -> Result<i64> {
    if order < 0 { Err(Failure::new(format!("the order {order} is none"))) } else { Ok(order) }
}

#[op]
fn sum(orders: Vec<i64>) -> i64 {
    orders.into_iter().sum()
}

#[graph_asset]
fn revenue(orders: Out<Vec<i64>>) -> Out<i64> {
    sum(spread(orders).map(check).collect())
}

#[asset]
fn letter(revenue: i64) -> String {
    format!("we sold for {revenue}")
}

mod mended {
    use super::*;

    #[asset]
    pub(super) fn orders() -> Vec<i64> {
        vec![3, -1, 5]
    }
}

fn shut() -> Definitions {
    Definitions::new().assets(assets![orders, revenue, letter])
}

fn open() -> Definitions {
    Definitions::new().assets(assets![mended::orders, revenue, letter])
}

#[test]
fn of_an_asset_without_partitions_it_is_told_in_the_same_way() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &shut(), &all(), |runner| runner);
    insta::assert_snapshot!(kept.session(shut(), "why orders"), @r"
    exit 0
    --- stdout
    orders is missing
      the last attempt failed, in the run 019a5f3c 3h ago: the shop does not answer
      it was never materialized
    --- stderr
    hint: `program materialize orders` makes it again
    ");
    insta::assert_snapshot!(kept.session(shut(), "why letter"), @r"
    exit 0
    --- stdout
    letter is missing
      it was never materialized
      what it is made of failed: `orders`, in the run 019a5f3c 3h ago: the shop does not answer
    --- stderr
    hint: `program materialize orders` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(shut(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  state
    letter   never         missing
    orders   never         missing, failed
    revenue  never         missing
    ");
    insta::assert_snapshot!(kept.session(shut(), "assets graph --status"), @r"
    exit 0
    --- stdout
    orders        missing: it was never materialized; the last attempt failed, in the run 019a5f3c 3h ago
      revenue     missing: it was never materialized
        letter    missing: it was never materialized
    ");
    // What a graph makes fails with any step of the graph.
    kept.put_failing(2, &open(), &all(), |runner| runner);
    insta::assert_snapshot!(kept.session(open(), "why revenue"), @r"
    exit 0
    --- stdout
    revenue is missing
      the last attempt failed, in the run 019a5f3c 2h ago: the order -1 is none
      it was never materialized
    --- stderr
    hint: `program materialize revenue` makes it again
    ");
    insta::assert_snapshot!(kept.session(open(), "why letter"), @r"
    exit 0
    --- stdout
    letter is missing
      it was never materialized
      what it is made of failed: `revenue`, in the run 019a5f3c 2h ago: the order -1 is none
    --- stderr
    hint: `program materialize revenue` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(open(), "assets graph --status"), @r"
    exit 0
    --- stdout
    orders        fresh
      revenue     missing: it was never materialized; the last attempt failed, in the run 019a5f3c 2h ago
        letter    missing: it was never materialized
    ");
    insta::assert_snapshot!(kept.session(open(), "assets graph revenue --status --format dot"), @r##"
    exit 0
    --- stdout
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        a1 [label="revenue", color="#cf222e", tooltip="missing: it was never materialized; the last attempt failed, in the run 019a5f3c 2h ago"];
    }
    "##);
}

#[derive(Outputs)]
struct Market {
    #[asset]
    buyers: i64,
    #[asset]
    sellers: i64,
}

#[multi_asset]
fn market() -> Result<Market> {
    Err(Failure::new("the market is closed"))
}

#[test]
fn each_asset_of_a_step_that_failed_tells_of_it() {
    let mut kept = Shop::empty();
    let market = || Definitions::new().assets(assets![buyers, sellers]);
    kept.put_failing(1, &market(), &all(), |runner| runner);
    for key in ["buyers", "sellers"] {
        let told = kept.session(market(), &format!("why {key}"));
        assert!(
            told.contains("the last attempt failed, in the run 019a5f3c 3h ago: the market is closed"),
            "{told}"
        );
    }
}

/// No amount is below zero.
#[asset_check(asset = mended::orders, blocking)]
fn positive(orders: &[i64]) -> CheckResult {
    let negative = orders.iter().filter(|amount| **amount < 0).count();
    CheckResult::expect(negative == 0, format!("{negative} is negative"))
}

/// On no day there are none.
#[asset_check(asset = errors, blocking)]
fn plausible(errors: i64) -> CheckResult {
    CheckResult::expect(errors != 20, "20 is what the site says when it is off")
}

#[test]
fn a_blocking_check_that_failed_is_told_where_the_asset_is() {
    let mut kept = Shop::empty();
    let guarded = || open().checks(checks![positive]);
    kept.put_failing(1, &guarded(), &all(), |runner| runner);
    insta::assert_snapshot!(kept.session(guarded(), "why orders"), @r"
    exit 0
    --- stdout
    orders is fresh: the run 019a5f3c made it 3h ago
      its blocking check `positive` failed, in the run 019a5f3c 3h ago: 1 is negative
      hint: mend it, and have it made anew: `materialize orders`
    ");
    insta::assert_snapshot!(kept.session(guarded(), "why letter"), @r"
    exit 0
    --- stdout
    letter is missing
      it was never materialized
      `orders` is not to be taken as it is: its blocking check `positive` failed, in the run 019a5f3c 3h ago: 1 is negative
      hint: mend it, and have it made anew: `materialize orders`
    ");
    insta::assert_snapshot!(kept.session(guarded(), "assets graph --status"), @r"
    exit 0
    --- stdout
    orders        fresh; its blocking check `positive` failed
      revenue     missing: it was never materialized
        letter    missing: it was never materialized
    ");
    insta::assert_snapshot!(kept.session(guarded(), "assets graph orders --status --format dot"), @r##"
    exit 0
    --- stdout
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        a0 [label="orders", color="#cf222e", tooltip="fresh; its blocking check `positive` failed"];
    }
    "##);
    let mut kept = Shop::empty();
    let guarded = || Definitions::new().assets(assets![lines, errors, alerts]).checks(checks![plausible]);
    kept.put_failing(1, &guarded(), &all(), |runner| runner.partition("2024-01-01..2024-01-03"));
    insta::assert_snapshot!(kept.session(guarded(), "why errors"), @r"
    exit 0
    --- stdout
    errors has 7 partitions: 3 fresh, 4 missing
      its blocking check `plausible` failed for 2024-01-02, in the run 019a5f3c 3h ago: 20 is what the site says when it is off
      hint: mend it, and have it made anew: `materialize errors --partition '2024-01-02'`
      missing 2024-01-04..2024-01-07: it was never materialized
    ");
    insta::assert_snapshot!(kept.session(guarded(), "why errors --partition 2024-01-02"), @r"
    exit 0
    --- stdout
    errors[2024-01-02] is fresh: the run 019a5f3c made it 3h ago
      its blocking check `plausible` failed, in the run 019a5f3c 3h ago: 20 is what the site says when it is off
      hint: mend it, and have it made anew: `materialize errors --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(kept.session(guarded(), "why alerts --partition 2024-01-02"), @r"
    exit 0
    --- stdout
    alerts[2024-01-02] is missing
      it was never materialized
      `errors` is not to be taken as it is: its blocking check `plausible` failed for 2024-01-02, in the run 019a5f3c 3h ago: 20 is what the site says when it is off
      hint: mend it, and have it made anew: `materialize errors --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(kept.session(guarded(), "why alerts"), @r"
    exit 0
    --- stdout
    alerts has 7 partitions: 2 fresh, 5 missing
      missing 2024-01-02, 2024-01-04..2024-01-07: it was never materialized
      `errors` is not to be taken as it is: its blocking check `plausible` failed for 2024-01-02, in the run 019a5f3c 3h ago: 20 is what the site says when it is off
      hint: mend it, and have it made anew: `materialize errors --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(kept.session(guarded(), "assets graph --status"), @r"
    exit 0
    --- stdout
    lines         3 of 7 partitions
      errors      3 of 7 partitions; its blocking check `plausible` failed for 2024-01-02
        alerts    2 of 7 partitions
    ");
}
