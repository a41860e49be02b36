//! What of a backfill has failed itself, and what was kept from being made by that.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::super::*;
use super::backfill::{around, without_age};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-06").into()
    }
}

#[asset]
fn takings(day: &Partition<Daily>) -> Result<i64> {
    match day.window().start.day() {
        2 => Err(Failure::new("the till is closed")),
        day => Ok(i64::from(day)),
    }
}

#[asset(partitions = Daily)]
fn letter(takings: i64) -> String {
    format!("You have {takings}")
}

#[asset_check(asset = takings, blocking)]
fn plausible(takings: i64) -> CheckResult {
    CheckResult::expect(takings != 4, "4 is what the till says when it is off")
}

fn session(around: &Around, args: &str) -> String {
    let definitions = Definitions::new().assets(assets![takings, letter]).checks(checks![plausible]);
    without_age(&super::shop::without_lines(&session_around(around, || Ok(definitions), args)))
}

#[test]
fn what_was_not_come_to_is_excluded_and_has_not_failed() {
    let around = around();
    session(&around, "backfill launch --all --partition 2024-01-01..2024-01-05");
    insta::assert_snapshot!(session(&around, "backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: failure
    asset    asked for  done  failed  excluded
    takings  5          4     1
    letter   5          3             2

    failed      assets   run                                   why
    2024-01-02  takings  <run>  `takings[2024-01-02]` failed: the till is closed
    2024-01-04  letter   <run>  `takings.plausible[2024-01-04]` failed: the blocking check `plausible` of the asset `takings[2024-01-04]` has not passed: 4 is what the till says when it is off
    ");
    // As the assets themselves tell it.
    insta::assert_snapshot!(session(&around, "assets partitions takings"), @r"
    exit 0
    --- stdout
    takings has 5 partitions
    state         count  partitions
    materialized  4      2024-01-01, 2024-01-03..2024-01-05
    in progress   0
    failed        1      2024-01-02
    missing       0
    ");
    insta::assert_snapshot!(session(&around, "assets partitions letter"), @r"
    exit 0
    --- stdout
    letter has 5 partitions
    state         count  partitions
    materialized  3      2024-01-01, 2024-01-03, 2024-01-05
    in progress   0
    failed        0
    missing       2      2024-01-02, 2024-01-04
    ");
}

#[test]
fn of_several_days_that_a_run_makes_each_is_told_by_itself() {
    let around = around();
    session(&around, "backfill launch --all --partition 2024-01-01..2024-01-05 --per 5");
    insta::assert_snapshot!(session(&around, "backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: failure
    asset    asked for  done  failed  excluded
    takings  5          4     1
    letter   5          3             2

    failed      assets   run                                   why
    2024-01-02  takings  <run>  `takings[2024-01-02]` failed: the till is closed
    ");
}
