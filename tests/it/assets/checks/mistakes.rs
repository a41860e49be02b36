//! What the compiler cannot see of checks, told when a job of assets is planned or begun.

use orch::define::{One, OpDef};
use orch::graph::{Call, CheckDef};
use orch::prelude::*;

use super::{check, materialize, story};
use crate::assets::storage;

#[asset]
fn orders() -> i64 {
    7
}

#[asset]
fn report(orders: i64) -> i64 {
    orders
}

#[asset]
fn prices() -> i64 {
    3
}

#[external_asset(io = "rates")]
fn rate() -> f64;

#[asset_check(asset = orders)]
fn positive(orders: i64) -> bool {
    orders > 0
}

mod other {
    use orch::prelude::*;

    #[asset_check(asset = super::orders, name = "positive")]
    pub(super) fn also_positive(orders: i64) -> bool {
        orders > 0
    }
}

#[asset_check(asset = orders, blocking)]
fn agrees(orders: i64, report: i64) -> bool {
    orders == report
}

#[asset_check(asset = orders)]
fn priced(orders: i64, prices: i64) -> bool {
    orders >= prices
}

#[asset_check(asset = rate, blocking)]
fn plausible(rate: f64) -> bool {
    rate > 0.0
}

/// The problems of the plan of what materializes all assets.
fn planned(definitions: &Definitions) -> String {
    definitions
        .materialize(&"*".parse().expect("all"))
        .try_plan()
        .expect_err("it cannot be planned")
        .to_string()
}

#[test]
fn two_checks_of_one_name_are_told() {
    let definitions =
        Definitions::new().assets(assets![orders]).checks(checks![positive, other::also_positive]);
    insta::assert_snapshot!(planned(&definitions), @r#"
    the job `materialize` cannot be planned
    error: two checks of `orders` have the name `positive`
      --> tests/it/assets/checks/mistakes.rs:28 (first)
      --> tests/it/assets/checks/mistakes.rs:36 (second)
      hint: give one of them another: `#[asset_check(name = "..")]`, or `.named("..")`
    "#);
    // One that is listed twice is one.
    let twice =
        Definitions::new().checks(checks![positive]).assets(assets![orders]).checks(checks![positive]);
    assert_eq!(twice.materialize(&"*".parse().expect("all")).plan().steps.len(), 2);
}

#[test]
fn a_check_of_what_is_not_listed_is_told() {
    let definitions = Definitions::new().assets(assets![prices]).checks(checks![positive]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the check `positive` looks at `orders`, which is not listed
      --> tests/it/assets/checks/mistakes.rs:28 (the check)
      --> tests/it/assets/checks/mistakes.rs:11 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., orders])`
    ");
    let definitions = Definitions::new().assets(assets![orders]).checks(checks![priced]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the check `priced` takes `prices`, which is not listed
      --> tests/it/assets/checks/mistakes.rs:48 (takes it)
      --> tests/it/assets/checks/mistakes.rs:21 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., prices])`
    ");
}

#[test]
fn a_blocking_check_that_waits_for_what_waits_for_it_is_told() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![agrees]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the check `agrees` of `orders` takes `report`, which is made of `orders` and waits for the check
      --> tests/it/assets/checks/mistakes.rs:43 (takes it)
      --> tests/it/assets/checks/mistakes.rs:42 (the check)
      hint: leave `blocking` out, or make it a check of `report`
    ");
}

#[test]
fn a_blocking_check_of_what_others_make_is_told() {
    let definitions = Definitions::new().assets(assets![prices, rate]).checks(checks![plausible]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the check `plausible` is blocking, and nothing waits for it: others make `rate`
      --> tests/it/assets/checks/mistakes.rs:52 (the check)
      --> tests/it/assets/checks/mistakes.rs:26 (the asset)
      hint: leave `blocking` out: a check of what others make looks when it is asked to, `assets check`
    ");
}

#[test]
fn what_is_made_by_hand_gives_a_result_and_has_a_name() {
    let op: std::sync::Arc<OpDef> =
        OpDef::builder("count").returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
    let called = std::sync::Arc::clone(&op);
    let count = CheckDef::builder::<orders>("count").made_by(&op, move |_| {
        Call::of(&called).place::<One<i64, 0>>();
    });
    let definitions = Definitions::new().assets(assets![orders]).checks([count]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the op of the check `count` gives `i64`, and no `CheckResult`
      --> tests/it/assets/checks/mistakes.rs:132 (the check)
      hint: its only output is a `CheckResult`
    ");
    let blank = CheckDef::builder::<orders>("is fine").looks(|_| true);
    let definitions = Definitions::new().assets(assets![orders]).checks([blank]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: the step cannot be named `is fine`
      --> tests/it/assets/checks/mistakes.rs:142 (named)
      hint: names are made of letters, digits and `_`
    ");
    let text = CheckDef::builder::<orders>("text").looks_at(|orders: &String, _| !orders.is_empty());
    let definitions = Definitions::new().assets(assets![orders]).checks([text]);
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned
    error: input `asset` of `orders.text` takes `String` and is fed `i64`
      --> tests/it/assets/checks/mistakes.rs:150 (the step)
      --> tests/it/assets/checks/mistakes.rs:150 (the op)
    ");
}

#[test]
fn what_a_check_takes_besides_and_was_never_made_is_told() {
    let definitions = Definitions::new().assets(assets![orders, prices]).checks(checks![priced]);
    insta::assert_snapshot!(story(&materialize(&definitions, &storage(), "orders")), @"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_SKIPPED orders.priced: it takes the asset `prices`, which was never materialized
    RUN_SUCCESS
    ");
}

#[test]
fn checks_of_nothing_are_told() {
    let definitions = Definitions::new().assets(assets![orders, prices]).checks(checks![positive]);
    insta::assert_snapshot!(check(&definitions, &storage(), "prices").expect_err("it has none"), @r"
    the job `check_assets` cannot be planned
    error: the asset that is selected has no checks
      hint: write one, `#[asset_check(asset = ..)]`, and list it: `Definitions::new().checks(checks![..])`
    ");
    let error = check(&definitions, &storage(), "orders and prices").expect_err("nothing is selected");
    insta::assert_snapshot!(error, @r"
    the job `check_assets` cannot be planned
    error: the selection leaves no asset
      hint: select others: `*` is all of them, and `assets list` shows them
    ");
}
