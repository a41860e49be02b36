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
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    ASSET_CHECK_EVALUATION orders.positive orders failed: 1 is negative
    STEP_FAILURE orders.positive the blocking check `positive` of the asset `orders` has not passed: 1 is negative
    STEP_SKIPPED report: orders.positive failed
    STEP_SKIPPED letter: orders.positive failed
    ASSET_MATERIALIZATION customers customers
    STEP_SUCCESS customers
    RUN_FAILURE 1 step failed, the first is orders.positive
    ");
    insta::assert_snapshot!(ran.expect_err("it fails"), @r"
    the run of `materialize` failed: 1 step
    `orders.positive`: the blocking check `positive` of the asset `orders` has not passed: 1 is negative
    ");
    insta::assert_snapshot!(super::super::facts(&storage), @r"
    orders, data 30d857da, fact
    customers, data ca27d18a, fact
    ");
    insta::assert_snapshot!(found(&storage), @"orders positive: error 1 is negative (what its run has made)");
}

#[test]
fn what_does_not_block_or_only_warns_is_told_and_the_run_goes_on() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![enough, few]);
    let storage = storage();
    let ran = materialize(&definitions, &storage, "*");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    ASSET_CHECK_EVALUATION orders.enough orders failed
    STEP_SUCCESS orders.enough
    ASSET_CHECK_EVALUATION orders.few orders warned: there are many
    STEP_SUCCESS orders.few
    ASSET_MATERIALIZATION report report
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
    let run = ran.expect("it succeeds");
    assert_eq!((*run.output::<report>(), run.output::<enough>().passed), (7, false));
    insta::assert_snapshot!(found(&storage), @r"
    orders enough: error  (what its run has made)
    orders few: warn there are many (what its run has made)
    ");
}

#[test]
fn a_check_takes_what_it_names_also_what_is_made_after_its_asset() {
    let definitions = Definitions::new().assets(assets![customers, orders]).checks(checks![known]);
    let storage = storage();
    insta::assert_snapshot!(definitions.materialize(&"*".parse().expect("all")).plan(), @r"
    job materialize
      depth_first, as many at once as processors
    customers() -> Vec<String>
      | makes asset customers
    orders() -> Vec<i64>
      | makes asset orders
    customers.known(customers: &Vec<String> <- customers, amounts: &Vec<i64> <- orders) -> CheckResult
      | checks asset customers, blocking
    ");
    insta::assert_snapshot!(story(&materialize(&definitions, &storage, "*")), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION customers customers
    STEP_SUCCESS customers
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    ASSET_CHECK_EVALUATION customers.known customers passed: 3 orders of ada
    STEP_SUCCESS customers.known
    RUN_SUCCESS
    ");
}

#[test]
fn checks_look_alone_at_what_was_materialized_last() {
    let definitions =
        Definitions::new().assets(assets![orders, report]).checks(checks![positive, few, enough]);
    let storage = storage();
    let error = check(&definitions, &storage, "orders").expect_err("there is nothing");
    insta::assert_snapshot!(error, @r"
    the job `check_assets` cannot be planned
    error: `orders.positive` takes the asset `orders`, which was never materialized
      --> tests/it/assets/checks/stories.rs:29 (the step)
      hint: materialize it before, `materialize orders`, or with all that is needed: `materialize '+orders'`
    ");
    let _ = materialize(&definitions, &storage, "orders");
    insta::assert_snapshot!(story(&check(&definitions, &storage, "orders")), @r"
    RUN_START check_assets
    ASSET_CHECK_EVALUATION orders.positive orders failed: 1 is negative
    STEP_FAILURE orders.positive the blocking check `positive` of the asset `orders` has not passed: 1 is negative
    ASSET_CHECK_EVALUATION orders.few orders warned: there are many
    STEP_SUCCESS orders.few
    ASSET_CHECK_EVALUATION orders.enough orders failed
    STEP_SUCCESS orders.enough
    RUN_FAILURE 1 step failed, the first is orders.positive
    ");
    insta::assert_snapshot!(found(&storage), @r"
    orders positive: error 1 is negative (what its run has made)
    orders few: warn there are many (what its run has made)
    orders enough: error  (what its run has made)
    orders positive: error 1 is negative (what an earlier run has made)
    orders few: warn there are many (what an earlier run has made)
    orders enough: error  (what an earlier run has made)
    ");
    let error = check(&definitions, &storage, "report").expect_err("it has none");
    insta::assert_snapshot!(error, @r"
    the job `check_assets` cannot be planned
    error: the asset that is selected has no checks
      hint: write one, `#[asset_check(asset = ..)]`, and list it: `Definitions::new().checks(checks![..])`
    ");
}

/// What a dollar is worth; others write it.
#[external_asset(io = "rates")]
fn rate() -> f64;

#[asset_check(asset = rate)]
fn plausible(rate: f64) -> CheckResult {
    CheckResult::expect((0.5..2.0).contains(&rate), format!("a dollar is {rate}"))
}

struct Rates;

impl orch::io::IoManager<f64> for Rates {
    fn store(&self, _: &orch::io::OutputAt<'_>, _: &f64) -> Result<orch::io::Metadata> {
        Err(Failure::new("others make it"))
    }

    fn load(&self, _: &orch::io::OutputAt<'_>) -> Result<f64> {
        Ok(7.5)
    }
}

#[test]
fn what_others_make_is_looked_at_alone() {
    let definitions = Definitions::new().assets(assets![rate]).checks(checks![plausible]).io("rates", Rates);
    let storage = storage();
    insta::assert_snapshot!(story(&check(&definitions, &storage, "rate")), @r"
    RUN_START check_assets
    ASSET_CHECK_EVALUATION rate.plausible rate failed: a dollar is 7.5
    STEP_SUCCESS rate.plausible
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(found(&storage), @"rate plausible: error a dollar is 7.5 (nothing known)");
    definitions.check().expect("all is well");
}

#[test]
fn a_job_of_assets_has_their_checks_and_a_selection_of_its_steps_too() {
    let definitions = Definitions::new()
        .assets(assets![orders, report, customers])
        .checks(checks![few, enough])
        .asset_job("nightly", "orders+");
    let job = &definitions.jobs()[0];
    let steps: Vec<_> = job.plan().steps.iter().map(|step| step.name.clone()).collect();
    assert_eq!(steps, ["orders", "orders.few", "orders.enough", "report"]);
    let part = definitions.runner(job).select("orders".parse().expect("a selection"));
    let ran = part.record(&storage()).max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START nightly
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    ASSET_CHECK_EVALUATION orders.few orders warned: there are many
    STEP_SUCCESS orders.few
    ASSET_CHECK_EVALUATION orders.enough orders failed
    STEP_SUCCESS orders.enough
    RUN_SUCCESS
    ");
    let alone = definitions.materialize_unchecked(&"orders".parse().expect("a selection"));
    assert_eq!(alone.plan().steps.len(), 1);
}

#[test]
fn a_check_compares_with_what_it_has_found_before() {
    use orch::asset::MetadataValue;
    use orch::graph::CheckDef;
    // It tells how many there are, and how many there were.
    let grows = CheckDef::builder::<orders>("grows").looks_at(|orders: &Vec<i64>, context| {
        let earlier = context.earlier_evaluations(2)?;
        let before: Vec<_> =
            earlier.iter().filter_map(|earlier| earlier.result.metadata.get("now")).collect();
        let found = CheckResult::passed().description(format!("{} after {before:?}", orders.len()));
        let now = orders.len() as i64 + before.len() as i64;
        Ok::<_, Failure>(found.metadata("now", MetadataValue::Int(now)))
    });
    let definitions = Definitions::new().assets(assets![orders]).checks([grows]);
    let storage = storage();
    materialize(&definitions, &storage, "*").expect("it succeeds");
    // Looked at again, it is no other materialization.
    check(&definitions, &storage, "*").expect("it succeeds");
    materialize(&definitions, &storage, "*").expect("it succeeds");
    materialize(&definitions, &storage, "*").expect("it succeeds");
    check(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(found(&storage), @r"
    orders grows: passed 3 after [] (what its run has made)
    orders grows: passed 3 after [] (what an earlier run has made)
    orders grows: passed 3 after [Int(3)] (what its run has made)
    orders grows: passed 3 after [Int(4), Int(3)] (what its run has made)
    orders grows: passed 3 after [Int(4), Int(3)] (what an earlier run has made)
    ");
}
