//! What checks of partitions compare with, and whether partitions came in time.

use std::time::Duration;

use orch::checks::fresh;
use orch::graph::CheckDef;

use super::*;

/// A check that tells what it has found before: of the same partition, and of the ones before it.
fn compares() -> CheckDef {
    CheckDef::builder::<sold>("compares").looks_at(|sold: &i64, context| {
        let tell = |found: Vec<CheckEvaluation>| -> Vec<String> {
            let tell = |fact: CheckEvaluation| {
                let sold = fact.result.metadata.get("sold").map(ToString::to_string);
                format!("{} {}", fact.partition.unwrap_or_default(), sold.unwrap_or_default())
            };
            found.into_iter().map(tell).collect()
        };
        let same = tell(context.earlier_evaluations(2)?);
        let before = context.evaluations_before(2)?.map(tell);
        let partition = context.partition().expect("it looks at one");
        let found = CheckResult::passed().description(format!("{partition}: {same:?}, before {before:?}"));
        Ok::<_, Failure>(found.metadata("sold", *sold))
    })
}

#[test]
fn a_check_compares_with_the_same_partition_and_with_those_before() {
    let shop = Shop::of(Definitions::new().assets(assets![sold]).checks([compares()]));
    shop.materialize("sold", "2024-01-02..2024-01-03").expect("all is well");
    shop.broken_on(3);
    shop.materialize("sold", "2024-01-03").expect("all is well");
    shop.check("sold", "2024-01-03").expect("all is well");
    shop.materialize("sold", "2024-01-06").expect("all is well");
    let facts = shop.storage.evaluations(&EvaluationQuery::default()).expect("what is known");
    let told: Vec<_> = facts.iter().rev().filter_map(|fact| fact.result.description.clone()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    2024-01-02: [], before Some([])
    2024-01-03: [], before Some(["2024-01-02 2"])
    2024-01-03: ["2024-01-03 3"], before Some(["2024-01-02 2"])
    2024-01-03: ["2024-01-03 3"], before Some(["2024-01-02 2"])
    2024-01-06: [], before Some(["2024-01-03 -3", "2024-01-02 2"])
    "#);
}

#[test]
fn partitions_that_are_not_by_time_have_none_before() {
    let check = CheckDef::builder::<stock>("compares").looks_at(|_: &i64, context| {
        Ok::<_, Failure>(context.evaluations_before(2)?.is_none() && context.partition_window()?.is_none())
    });
    let shop = Shop::of(Definitions::new().assets(assets![stock]).checks([check]));
    shop.materialize("stock", "*").expect("it is looked at");
    insta::assert_snapshot!(shop.found(), @r"
    stock[eu] compares: passed (what its run has made)
    stock[us] compares: passed (what its run has made)
    ");
}

#[test]
fn a_partition_is_there_or_may_still_come() {
    // The last day ended long ago.
    let shop =
        Shop::of(Definitions::new().assets(assets![sold]).checks([fresh::<sold>(Duration::from_hours(26))]));
    shop.materialize("sold", "2024-01-02").expect("what is made is there");
    let ran = shop.check("sold", "2024-01-02..2024-01-03");
    let told = story(&ran);
    let told = told.lines().map(|line| line.split(" ago").next().unwrap_or_default());
    let told: Vec<_> = told.map(|line| line.split("ended ").next().unwrap_or_default()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    RUN_START check_assets orch/partition=2024-01-02..2024-01-03
    ASSET_CHECK_EVALUATION sold.fresh[2024-01-02] sold 2024-01-02 passed
    STEP_SUCCESS sold.fresh[2024-01-02]
    ASSET_CHECK_EVALUATION sold.fresh[2024-01-03] sold 2024-01-03 failed: it was never materialized, and 
    STEP_SUCCESS sold.fresh[2024-01-03]
    STREAM_CLOSED daily_partitions result, 2 items
    STEP_SUCCESS daily_partitions
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] fresh: passed (what its run has made)
    sold[2024-01-02] fresh: passed (what an earlier run has made)
    sold[2024-01-03] fresh: error (nothing known)
    ");
    let patient = Shop::of(Definitions::new().assets(assets![sold]).checks([fresh::<sold>(Duration::MAX)]));
    patient.check("sold", "2024-01-03").expect("it may still come");
    insta::assert_snapshot!(patient.found(), @"sold[2024-01-03] fresh: passed (nothing known)");
}
