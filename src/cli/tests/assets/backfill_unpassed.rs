//! Backfills of what is missing, or stale, where a blocking check has not let through what that is made of.

use orch::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions,
};
use orch::prelude::*;
use orch_core::run::Runner;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-06").into()
    }
}

/// What is taken on a day: on the third something is wrong.
#[asset(code_version = "1")]
fn takings(day: &Partition<Daily>) -> i64 {
    if day.window().start.day() == 3 { -1 } else { 1 }
}

#[asset(code_version = "1", partitions = Daily)]
fn taxed(takings: i64) -> i64 {
    takings * 2
}

/// What there is after each day.
#[asset(code_version = "1")]
fn balance(
    _day: &Partition<Daily>,
    taxed: i64,
    #[from(balance)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Option<i64>,
) -> i64 {
    taxed + before.unwrap_or_default()
}

#[asset(code_version = "1")]
fn total(#[mapped(PartitionMapping::all().allow_missing())] balance: &Partitions<i64>) -> i64 {
    balance.values().sum()
}

#[asset_check(asset = takings, blocking)]
fn positive(takings: i64) -> CheckResult {
    CheckResult::expect(takings > 0, "it is negative")
}

fn unchecked() -> Definitions {
    Definitions::new().assets(assets![takings, taxed, balance, total])
}

fn checked() -> Definitions {
    unchecked().checks(checks![positive])
}

fn days(days: &'static str) -> impl FnOnce(Runner) -> Runner {
    move |runner| runner.partition(days)
}

/// What a backfill of all days says.
fn backfill(kept: &Shop, words: &str) -> String {
    let words = format!("backfill launch {words} --partition 2024-01-01..2024-01-05");
    redacted(&kept.session(checked(), &words))
}

/// The days are there as nobody looked at them, and of the balance the first two.
fn unseen() -> Shop {
    let mut kept = Shop::empty();
    let days_of_takings = days("2024-01-01..2024-01-05");
    kept.put_with(1, &unchecked(), &"takings or taxed".parse().expect("assets"), days_of_takings);
    kept.put_with(2, &unchecked(), &"balance".parse().expect("assets"), days("2024-01-01..2024-01-02"));
    kept
}

#[test]
fn what_is_missing_is_not_made_of_what_was_refused_or_never_seen() {
    let kept = unseen();
    insta::assert_snapshot!(backfill(&kept, "--all --missing"), @"
    exit 1
    --- stderr
    to make                          since
    balance[2024-01-03..2024-01-05]  it was never materialized
    total                            it was never materialized
    backfill <run> of 11 runs, recorded in memory
    done     takings, taxed 2024-01-01, 10 runs left
    done     balance 2024-01-01, 9 runs left
    done     takings, taxed 2024-01-02, 8 runs left
    done     balance 2024-01-02, 7 runs left
    failed   takings, taxed 2024-01-03, run <run>
    done     takings, taxed 2024-01-04, 1 run left
    done     takings, taxed 2024-01-05, 0 runs left
    backfill <run>: failure
    asset    asked for  done  excluded
    takings  5          5
    taxed    5          5
    balance  5          2     3
    total    1                1

    failed      assets          run                                   why
    2024-01-03  takings, taxed  <run>  `takings.positive[2024-01-03]` failed: the blocking check `positive` of the asset `takings[2024-01-03]` has not passed: it is negative
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    // Of what has been let through by now nothing is looked at again.
    insta::assert_snapshot!(backfill(&kept, "--all --missing"), @"
    exit 1
    --- stderr
    to make                          since
    balance[2024-01-03..2024-01-05]  it was never materialized
    total                            it was never materialized
    backfill <run> of 5 runs, recorded in memory
    failed   takings, taxed 2024-01-03, run <run>
    backfill <run>: failure
    asset    asked for  done  excluded
    takings  1          1
    taxed    1          1
    balance  3                3
    total    1                1

    failed      assets          run                                   why
    2024-01-03  takings, taxed  <run>  `takings.positive[2024-01-03]` failed: the blocking check `positive` of the asset `takings[2024-01-03]` has not passed: it is negative
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
}

#[test]
fn what_is_stale_is_not_made_of_that_either() {
    insta::assert_snapshot!(backfill(&unseen(), "--all --stale"), @"
    exit 1
    --- stderr
    to make                          since
    balance[2024-01-03..2024-01-05]  it was never materialized
    total                            it was never materialized
    backfill <run> of 11 runs, recorded in memory
    done     takings, taxed 2024-01-01, 10 runs left
    done     balance 2024-01-01, 9 runs left
    done     takings, taxed 2024-01-02, 8 runs left
    done     balance 2024-01-02, 7 runs left
    failed   takings, taxed 2024-01-03, run <run>
    done     takings, taxed 2024-01-04, 1 run left
    done     takings, taxed 2024-01-05, 0 runs left
    backfill <run>: failure
    asset    asked for  done  excluded
    takings  5          5
    taxed    5          4     1
    balance  5          2     3
    total    1                1

    failed      assets  run                                   why
    2024-01-03  taxed   <run>  `takings.positive[2024-01-03]` failed: the blocking check `positive` of the asset `takings[2024-01-03]` has not passed: it is negative
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
}
