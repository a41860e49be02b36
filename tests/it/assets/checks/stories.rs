//! What a run with checks does, event by event.

use orch::prelude::*;

use super::{check, found, materialize, story};
use crate::assets::storage;

#[asset]
fn orders() -> Vec<i64> {
    vec![3, -1, 5]
}

#[asset]
fn customers() -> Vec<String> {
    vec!["ada".to_owned()]
}

#[asset]
fn report(orders: &[i64]) -> i64 {
    orders.iter().sum()
}

#[asset(deps = [report])]
fn letter() -> String {
    "dear all".to_owned()
}

/// No amount is below zero.
#[asset_check(asset = orders, blocking)]
fn positive(orders: &[i64]) -> CheckResult {
    let negative = orders.iter().filter(|amount| **amount < 0).count();
    CheckResult::expect(negative == 0, format!("{negative} is negative"))
        .metadata("negative", negative as i64)
}

#[asset_check(asset = orders)]
fn enough(orders: &[i64]) -> bool {
    orders.len() > 3
}

#[asset_check(asset = orders, blocking)]
fn few(orders: &[i64]) -> CheckResult {
    CheckResult::expect(orders.len() < 3, "there are many").severity(Severity::Warn)
}

#[asset_check(asset = customers, blocking)]
async fn known(customers: &[String], #[from(orders)] amounts: &[i64], ctx: Context) -> Result<CheckResult> {
    assert_eq!((customers.len(), ctx.attempt()), (1, 1));
    Ok(CheckResult::passed().description(format!("{} orders of {}", amounts.len(), customers[0])))
}

#[test]
fn a_blocking_check_that_finds_an_error_stops_what_is_made_of_the_asset_and_nothing_else() {
    let assets = assets![orders, report, letter, customers];
    let definitions = Definitions::new().assets(assets).checks(checks![positive]);
    let storage = storage();
    let ran = materialize(&definitions, &storage, "*");
    insta::assert_snapshot!(story(&ran), @"");
    insta::assert_snapshot!(ran.expect_err("it fails"), @"");
    insta::assert_snapshot!(super::super::facts(&storage), @"");
    insta::assert_snapshot!(found(&storage), @"");
}

#[test]
fn what_does_not_block_or_only_warns_is_told_and_the_run_goes_on() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![enough, few]);
    let storage = storage();
    let ran = materialize(&definitions, &storage, "*");
    insta::assert_snapshot!(story(&ran), @"");
    let run = ran.expect("it succeeds");
    assert_eq!((*run.output::<report>(), run.output::<enough>().passed), (7, false));
    insta::assert_snapshot!(found(&storage), @"");
}

#[test]
fn a_check_takes_what_it_names_also_what_is_made_after_its_asset() {
    let definitions = Definitions::new().assets(assets![customers, orders]).checks(checks![known]);
    let storage = storage();
    insta::assert_snapshot!(definitions.materialize(&"*".parse().expect("all")).plan(), @"");
    insta::assert_snapshot!(story(&materialize(&definitions, &storage, "*")), @"");
}

#[test]
fn checks_look_alone_at_what_was_materialized_last() {
    let definitions =
        Definitions::new().assets(assets![orders, report]).checks(checks![positive, few, enough]);
    let storage = storage();
    let error = check(&definitions, &storage, "orders").expect_err("there is nothing");
    insta::assert_snapshot!(error, @"");
    let _ = materialize(&definitions, &storage, "orders");
    insta::assert_snapshot!(story(&check(&definitions, &storage, "orders")), @"");
    insta::assert_snapshot!(found(&storage), @"");
    let error = check(&definitions, &storage, "report").expect_err("it has none");
    insta::assert_snapshot!(error, @"");
}
