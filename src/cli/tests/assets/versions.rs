//! Which partitions are stale, why, and which of them are made.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::run::Runner;

use super::stale::steady;
use super::{Shop, all, redacted};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-07").until("2024-01-21").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").until("2024-01-21").into()
    }
}

/// Days, weeks made of them, and what is made of all weeks.
mod first {
    use super::*;

    #[asset(code_version = "1")]
    pub(super) fn sales(day: &Partition<Daily>) -> i64 {
        i64::from(day.window().start.day())
    }

    #[asset(code_version = "1", partitions = Daily)]
    pub(super) fn revenue(sales: i64) -> i64 {
        sales / 10
    }

    #[asset(code_version = "1", partitions = Weekly)]
    pub(super) fn week(revenue: &Partitions<i64>) -> i64 {
        revenue.values().sum()
    }

    #[asset(code_version = "1")]
    pub(super) fn best(
        #[mapped(PartitionMapping::all().allow_missing())] week: &Partitions<i64>,
    ) -> Option<i64> {
        week.values().max().copied()
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![sales, revenue, week, best])
    }
}

/// The same, in which sales come otherwise: of the 8th, so that a tenth of it does too.
mod second {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn sales(day: &Partition<Daily>) -> i64 {
        let day = i64::from(day.window().start.day());
        if day == 8 { 80 } else { day }
    }

    #[asset(code_version = "1", partitions = Daily)]
    pub(super) fn revenue(sales: i64) -> i64 {
        sales / 10
    }

    #[asset(code_version = "1", partitions = Weekly)]
    pub(super) fn week(revenue: &Partitions<i64>) -> i64 {
        revenue.values().sum()
    }

    #[asset(code_version = "1")]
    pub(super) fn best(
        #[mapped(PartitionMapping::all().allow_missing())] week: &Partitions<i64>,
    ) -> Option<i64> {
        week.values().max().copied()
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![sales, revenue, week, best])
    }
}

/// The same as the first, in which the best week is found otherwise.
mod third {
    use super::first::{revenue, sales, week};
    use super::*;

    #[asset(code_version = "2")]
    fn best(#[mapped(PartitionMapping::all().allow_missing())] week: &Partitions<i64>) -> Option<i64> {
        week.values().max().map(|best| best + 1)
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![sales, revenue, week, best])
    }
}

fn days(days: &'static str) -> impl FnOnce(Runner) -> Runner {
    move |runner| runner.partition(days)
}

fn selected(text: &str) -> orch_core::select::AssetSelection {
    text.parse().expect("a selection")
}

#[test]
fn partitions_are_made_that_were_never_made_or_that_are_stale() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(first::program(), "materialize --stale --dry-run"), @r#"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `sales` has partitions, and the run is not told for which it is
      --> src/cli/tests/assets/versions.rs:_ (the asset)
      hint: name them: `--partition 2024-01-20` is one, `--partition 2024-01-07..2024-01-20` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-20")`
    "#);
    insta::assert_snapshot!(kept.session(first::program(), "materialize --missing --dry-run --partition 2024-01-07..2024-01-13"), @r"
    exit 0
    --- stdout
    to make                          since
    sales[2024-01-07..2024-01-13]    it was never materialized
    revenue[2024-01-07..2024-01-13]  it was never materialized
    week[2024-01-07]                 it was never materialized
    best                             it was never materialized
    ");
    kept.put_with(1, &first::program(), &all(), days("2024-01-07..2024-01-13"));
    insta::assert_snapshot!(kept.session(first::program(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  state
    best     3h ago        019a5f3c  1      fresh
    revenue  3h ago        019a5f3c  7      7 of 14 partitions
    sales    3h ago        019a5f3c  7      7 of 14 partitions
    week     3h ago        019a5f3c  1      1 of 2 partitions
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --stale --partition 2024-01-07..2024-01-13"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --missing --partition 2024-01-07..2024-01-13"), @r"
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    ");
    kept.put_with(2, &first::program(), &selected("sales"), days("2024-01-15, 2024-01-18..2024-01-20"));
    insta::assert_snapshot!(kept.session(first::program(), "materialize sales revenue --missing --dry-run --partition *"), @r"
    exit 0
    --- stdout
    to make                                    since
    sales[2024-01-14, 2024-01-16..2024-01-17]  it was never materialized
    revenue[2024-01-14..2024-01-20]            it was never materialized
    ");
    let told = kept.session(
        first::program(),
        "materialize sales revenue --missing --progress none --max-concurrent 1 --partition 2024-01-13..2024-01-16",
    );
    insta::assert_snapshot!(steady(&told), @r"
    exit 0
    --- stderr
    to make                          since
    sales[2024-01-14, 2024-01-16]    it was never materialized
    revenue[2024-01-14..2024-01-16]  it was never materialized
         Success materialize: 6 steps: 6 succeeded
    Materialized sales[2024-01-14]
    Materialized revenue[2024-01-14]
    Materialized revenue[2024-01-15]
    Materialized sales[2024-01-16]
    Materialized revenue[2024-01-16]
    ");
}

#[test]
fn after_a_change_of_the_code_it_is_told_which_partitions_are_stale() {
    let mut kept = Shop::empty();
    kept.put_with(1, &first::program(), &all(), days("2024-01-07..2024-01-13"));
    insta::assert_snapshot!(kept.session(second::program(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  state
    best     3h ago        019a5f3c  1      stale
    revenue  3h ago        019a5f3c  7      7 of 14 partitions, 7 stale
    sales    3h ago        019a5f3c  7      7 of 14 partitions, 7 stale
    week     3h ago        019a5f3c  1      1 of 2 partitions, 1 stale
    ");
    insta::assert_snapshot!(kept.session(second::program(), "assets show revenue --limit 1"), @r"
    exit 0
    --- stdout
    revenue

    code         version 1
    type         i64
    defined      src/cli/tests/assets/versions.rs:_
    partitions   7 of 14 partitions are materialized
    present      2024-01-07..2024-01-13
    missing      2024-01-14..2024-01-20
    stale        2024-01-07..2024-01-13: it is made of `sales`, which is to be made

    upstream  materialized  run
    sales     3h ago        019a5f3c

    downstream  materialized  run
    week        3h ago        019a5f3c

    latest       2026-11-20 10:00:06Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    partition    2024-01-13
    data         48fc721fbbc172e0925fa27af1671de225ba927134802998b10a1568a188652b
    code         version 1
    value        kept with what is known of it

    materialized  run       partition   data          code
    3h ago        019a5f3c  2024-01-13  48fc721fbbc1  1
    and 6 earlier ones
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why sales"), @r"
    exit 0
    --- stdout
    sales has 14 partitions: 7 stale, 7 missing
      stale 2024-01-07..2024-01-13: its code version has changed: 1 → 2
      missing 2024-01-14..2024-01-20: it was never materialized
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why revenue --partition 2024-01-09"), @r"
    exit 0
    --- stdout
    revenue[2024-01-09] is stale: the run 019a5f3c made it 3h ago
      it is made of `sales[2024-01-09]`, which is to be made
        its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why best"), @r"
    exit 0
    --- stdout
    best is stale: the run 019a5f3c made it 3h ago
      it is made of `week[2024-01-07]`, which is to be made
        it is made of `revenue[2024-01-07]`, which is to be made
          it is made of `sales[2024-01-07]`, which is to be made
            its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "materialize --stale --dry-run --partition 2024-01-08..2024-01-09"), @r"
    exit 0
    --- stdout
    to make                          since
    sales[2024-01-08..2024-01-09]    its code version has changed: 1 → 2
    revenue[2024-01-08..2024-01-09]  it is made of `sales`, which is to be made
    week[2024-01-07]                 it is made of `revenue`, which is to be made
    best                             it is made of `week`, which is to be made
    ");
    let told = kept.session(
        second::program(),
        "materialize --stale --progress none --max-concurrent 1 --partition 2024-01-07..2024-01-13",
    );
    // Seven days, of which one comes out otherwise, and so does its week.
    insta::assert_snapshot!(steady(&told), @r"
    exit 0
    --- stderr
    to make                          since
    sales[2024-01-07..2024-01-13]    its code version has changed: 1 → 2
    revenue[2024-01-07..2024-01-13]  it is made of `sales`, which is to be made
    week[2024-01-07]                 it is made of `revenue`, which is to be made
    best                             it is made of `week`, which is to be made
         Success materialize: 22 steps: 16 succeeded, 6 memoized
    Materialized sales[2024-01-07]
    Materialized sales[2024-01-08]
    Materialized revenue[2024-01-08]
    Materialized sales[2024-01-09]
    Materialized sales[2024-01-10]
    Materialized sales[2024-01-11]
    Materialized sales[2024-01-12]
    Materialized sales[2024-01-13]
    Materialized week[2024-01-07]
    Materialized best
    ");
    insta::assert_snapshot!(kept.session(second::program(), "materialize --stale --dry-run --partition 2024-01-07..2024-01-13"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
}

#[test]
fn why_leads_through_partitions_to_the_root() {
    let mut kept = Shop::empty();
    kept.put_with(1, &first::program(), &all(), days("2024-01-07..2024-01-13"));
    kept.put_with(2, &second::program(), &selected("sales"), days("2024-01-07..2024-01-09"));
    insta::assert_snapshot!(kept.session(second::program(), "why revenue"), @r"
    exit 0
    --- stdout
    revenue has 14 partitions: 2 fresh, 5 stale, 7 missing
      stale 2024-01-08: the data of `sales` has changed: 3bfb650d → 9a697fef
      stale 2024-01-10..2024-01-13: it is made of `sales`, which is to be made
      missing 2024-01-14..2024-01-20: it was never materialized
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why revenue --partition 2024-01-08"), @r"
    exit 0
    --- stdout
    revenue[2024-01-08] is stale: the run 019a5f3c-0001 made it 3h ago
      the data of `sales` has changed: 3bfb650d → 9a697fef
        `sales[2024-01-08]` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why revenue --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    revenue[2024-01-07] is fresh: the run 019a5f3c-0001 made it 3h ago
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why week --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    week[2024-01-07] is stale: the run 019a5f3c-0001 made it 3h ago
      it is made of `revenue[2024-01-08]`, which is to be made
        the data of `sales` has changed: 3bfb650d → 9a697fef
          `sales[2024-01-08]` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    kept.put_with(3, &second::program(), &selected("revenue"), days("2024-01-08..2024-01-09"));
    insta::assert_snapshot!(kept.session(second::program(), "why week --partition 2024-01-07"), @"
    exit 0
    --- stdout
    week[2024-01-07] is stale: the run 019a5f3c-0001 made it 3h ago
      the data of `revenue` has changed: 7f1219d4 → 36039382
        `revenue[2024-01-08]` was made anew by the run 019a5f3c-0003 1h ago: the data of `sales` has changed: 3bfb650d → 9a697fef
          `sales[2024-01-08]` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why week --partition 2024-01-14"), @r"
    exit 0
    --- stdout
    week[2024-01-14] is missing
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why week --partition 2024-01-15"), @r"
    exit 2
    --- stderr
    error: of `week`: `2024-01-15` is no key of these partitions: none begins then by the cron `0 0 * * 0`
    hint: the one that contains it is `2024-01-14`
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why best --partition 2024-01-07"), @r"
    exit 2
    --- stderr
    error: `best` has no partitions
    hint: leave `--partition` out
    ");
}

#[test]
fn what_a_run_passed_over_of_partitions_is_told() {
    let mut kept = Shop::empty();
    kept.put_with(1, &first::program(), &all(), days("2024-01-07..2024-01-13"));
    kept.put_with(2, &second::program(), &all(), |runner| {
        runner.partition("2024-01-08..2024-01-09").memoize()
    });
    insta::assert_snapshot!(kept.session(second::program(), "logs latest --events"), @r"
    exit 0
    --- stdout
       0.000  RUN_START materialize orch/partition=2024-01-08..2024-01-09
       0.100  STEP_START daily_partitions
       0.200  STEP_OUTPUT daily_partitions result[2024-01-08]
       0.300  STEP_START sales[2024-01-08]
       0.400  STEP_OUTPUT sales[2024-01-08] result
       0.500  ASSET_MATERIALIZATION sales[2024-01-08] sales 2024-01-08
       0.600  STEP_SUCCESS sales[2024-01-08] (took 300ms)
       0.700  STEP_START revenue[2024-01-08]
       0.800  STEP_OUTPUT revenue[2024-01-08] result
       0.900  ASSET_MATERIALIZATION revenue[2024-01-08] revenue 2024-01-08
       1.000  STEP_SUCCESS revenue[2024-01-08] (took 300ms)
       1.100  STEP_OUTPUT daily_partitions result[2024-01-09]
       1.200  STEP_START sales[2024-01-09]
       1.300  STEP_OUTPUT sales[2024-01-09] result
       1.400  ASSET_MATERIALIZATION sales[2024-01-09] sales 2024-01-09
       1.500  STEP_SUCCESS sales[2024-01-09] (took 300ms)
       1.600  STEP_MEMOIZED revenue[2024-01-09]: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
       1.700  STREAM_CLOSED daily_partitions result, 2 items
       1.800  STEP_SUCCESS daily_partitions (took 1.7s)
       1.900  STEP_START all_daily_partitions
       2.000  STEP_OUTPUT all_daily_partitions result
       2.100  STEP_SUCCESS all_daily_partitions (took 200ms)
       2.200  STEP_START weekly_partitions
       2.300  STEP_OUTPUT weekly_partitions result[2024-01-07]
       2.400  STEP_START read_revenue[2024-01-07]
       2.500  STEP_OUTPUT read_revenue[2024-01-07] result
       2.600  STEP_SUCCESS read_revenue[2024-01-07] (took 200ms)
       2.700  STEP_START week[2024-01-07]
       2.800  STEP_OUTPUT week[2024-01-07] result
       2.900  ASSET_MATERIALIZATION week[2024-01-07] week 2024-01-07
       3.000  STEP_SUCCESS week[2024-01-07] (took 300ms)
       3.100  STREAM_CLOSED weekly_partitions result, 1 item
       3.200  STEP_SUCCESS weekly_partitions (took 1.0s)
       3.300  STEP_START all_weekly_partitions
       3.400  STEP_OUTPUT all_weekly_partitions result
       3.500  STEP_SUCCESS all_weekly_partitions (took 200ms)
       3.600  STEP_START read_week
       3.700  STEP_OUTPUT read_week result
       3.800  STEP_SUCCESS read_week (took 200ms)
       3.900  STEP_START best
       4.000  STEP_OUTPUT best result
       4.100  ASSET_MATERIALIZATION best best
       4.200  STEP_SUCCESS best (took 300ms)
       4.300  RUN_SUCCESS (took 4.3s)
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why latest revenue[2024-01-09]"), @r"
    exit 0
    --- stdout
    revenue[2024-01-09] was memoized: all that it is made of is what it was made of by the run 019a5f3c-0001-7000-8000-000000000001
    ");
}

#[op]
fn twice(sales: i64) -> i64 {
    sales * 2
}

#[graph_asset(partitions = Daily)]
fn doubled(#[from(first::sales)] sales: Out<i64>) -> Out<i64> {
    twice(sales)
}

#[test]
fn of_what_a_graph_makes_the_partitions_are_left_out_that_are_there() {
    let program = || Definitions::new().assets(assets![first::sales, doubled]);
    let mut kept = Shop::empty();
    kept.put_with(1, &program(), &all(), days("2024-01-08"));
    let missing = "materialize * --missing --partition 2024-01-07..2024-01-09";
    insta::assert_snapshot!(kept.session(program(), &format!("{missing} --dry-run")), @"
    exit 0
    --- stdout
    to make                          since
    sales[2024-01-07, 2024-01-09]    it was never materialized
    doubled[2024-01-07, 2024-01-09]  it was never materialized
    ");
    let made = format!("{missing} --max-concurrent 1 --progress none");
    insta::assert_snapshot!(redacted(&kept.session(program(), &made)), @"
    exit 0
    --- stderr
    to make                          since
    sales[2024-01-07, 2024-01-09]    it was never materialized
    doubled[2024-01-07, 2024-01-09]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 5 steps: 5 succeeded
    Materialized sales[2024-01-07]
    Materialized doubled[2024-01-07]
    Materialized sales[2024-01-09]
    Materialized doubled[2024-01-09]
    ");
    insta::assert_snapshot!(kept.session(program(), missing), @"
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    ");
}

#[test]
fn what_has_no_partitions_may_be_all_that_is_left_to_make() {
    let mut kept = Shop::empty();
    kept.put_with(1, &first::program(), &all(), days("2024-01-07..2024-01-13"));
    let told = kept.session(third::program(), "materialize --stale --partition 2024-01-07..2024-01-13");
    assert!(told.starts_with("exit 0") && told.contains("2 steps: 2 succeeded"), "{told}");
    assert!(told.trim_end().ends_with("Materialized best"), "{told}");
}
