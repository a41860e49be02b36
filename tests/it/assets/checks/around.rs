//! Checks beside what else there is: graphs, configuration, resources, runs that are made anew.

use orch::prelude::*;
use orch::run::Rerun;

use super::{check, found, materialize, story};
use crate::assets::storage;

#[asset(key = "shop/orders.v2")]
fn orders() -> Vec<i64> {
    vec![3, -1, 5]
}

#[op]
fn each(orders: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(orders)
}

#[op]
fn double(order: i64) -> i64 {
    order * 2
}

#[op]
fn sum(orders: Vec<i64>) -> i64 {
    orders.into_iter().sum()
}

#[op]
fn greet() -> String {
    "hello".to_owned()
}

#[op]
fn sign(_greeting: String, total: i64) -> i64 {
    total
}

/// Also a step that takes nothing of the orders belongs to it.
#[graph_asset]
fn total(orders: Out<Vec<i64>>) -> Out<i64> {
    sign(greet(), sum(each(orders).map(double).collect()))
}

#[derive(Config)]
struct Bounds {
    /// No amount is below this.
    #[config(default = 0)]
    least: i64,
}

struct Tolerance(i64);

/// No amount is too small.
#[asset_check(asset = orders, blocking)]
fn large(orders: &[i64], bounds: Config<Bounds>, tolerance: Res<Tolerance>) -> CheckResult {
    let least = bounds.least - tolerance.0;
    CheckResult::expect(orders.iter().all(|order| *order >= least), format!("some are below {least}"))
}

#[asset_check(asset = total)]
fn even(total: i64) -> bool {
    total % 2 == 0
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![orders, total]).checks(checks![large, even]).resource(Tolerance(0))
}

#[test]
fn all_that_makes_an_asset_waits_for_the_blocking_checks_of_what_it_is_made_of() {
    let plan = definitions().materialize(&"*".parse().expect("all")).plan();
    insta::assert_snapshot!(plan, @r"
    job materialize
      depth_first, as many at once as processors
    shop__orders_v2() -> Vec<i64>
      | makes asset shop/orders.v2
    shop__orders_v2.large(orders: &Vec<i64> <- shop__orders_v2) -> CheckResult
      | checks asset shop/orders.v2, blocking
      | config Bounds
      | resources Tolerance
    total.greet() -> String
      | after shop__orders_v2.large
    total.each(orders: Vec<i64> <- shop__orders_v2) -> dynamic i64
      | after shop__orders_v2.large
    map total.each
        total.double(order: i64 <- each total.each) -> i64
    total.sum(orders: Vec<i64> <- collect total.double) -> i64
      | after shop__orders_v2.large
    total.sign(_greeting: String <- total.greet, total: i64 <- total.sum) -> i64
      | makes asset total
      | after shop__orders_v2.large
    total.even(total: i64 <- total.sign) -> CheckResult
      | checks asset total
    ");
    insta::assert_snapshot!(story(&materialize(&definitions(), &storage(), "*")), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION shop__orders_v2 shop/orders.v2
    STEP_SUCCESS shop__orders_v2
    ASSET_CHECK_EVALUATION shop__orders_v2.large shop/orders.v2 failed: some are below 0
    STEP_FAILURE shop__orders_v2.large the blocking check `large` of the asset `shop/orders.v2` has not passed: some are below 0
    STEP_SKIPPED total.greet: shop__orders_v2.large failed
    STEP_SKIPPED total.each: shop__orders_v2.large failed
    STEP_SKIPPED total.sum: shop__orders_v2.large failed
    STEP_SKIPPED total.sign: shop__orders_v2.large failed
    STEP_SKIPPED total.even: shop__orders_v2.large failed
    RUN_FAILURE 1 step failed, the first is shop__orders_v2.large
    ");
}

#[test]
fn a_check_is_configured_below_its_asset_and_has_resources() {
    let config = RunConfig::new().set("ops.shop__orders_v2.ops.large.config.least=-1");
    let definitions = definitions().config(config);
    let storage = storage();
    insta::assert_snapshot!(story(&materialize(&definitions, &storage, "*")), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION shop__orders_v2 shop/orders.v2
    STEP_SUCCESS shop__orders_v2
    ASSET_CHECK_EVALUATION shop__orders_v2.large shop/orders.v2 passed
    STEP_SUCCESS shop__orders_v2.large
    STEP_SUCCESS total.greet
    STEP_SUCCESS total.double[0]
    STEP_SUCCESS total.double[1]
    STEP_SUCCESS total.double[2]
    STREAM_CLOSED total.each result, 3 items
    STEP_SUCCESS total.each
    STEP_SUCCESS total.sum
    ASSET_MATERIALIZATION total.sign total
    STEP_SUCCESS total.sign
    ASSET_CHECK_EVALUATION total.even total passed
    STEP_SUCCESS total.even
    RUN_SUCCESS
    ");
    definitions.check().expect("all is well");
}

#[test]
fn a_run_of_checks_is_made_anew_as_any_other() {
    let storage = storage();
    materialize(&definitions(), &storage, "*").expect_err("it is stopped");
    let error = check(&definitions(), &storage, "key:shop*").expect_err("it is no better");
    let run = error.run().expect("it began").id();
    let again = definitions().rerun(&storage, run, Rerun::All).expect("it can be made again");
    let again = again.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&again), @r"
    RUN_START check_assets
    ASSET_CHECK_EVALUATION shop__orders_v2.large shop/orders.v2 failed: some are below 0
    STEP_FAILURE shop__orders_v2.large the blocking check `large` of the asset `shop/orders.v2` has not passed: some are below 0
    RUN_FAILURE 1 step failed, the first is shop__orders_v2.large
    ");
    insta::assert_snapshot!(found(&storage), @r"
    shop/orders.v2 large: error some are below 0 (what its run has made)
    shop/orders.v2 large: error some are below 0 (what an earlier run has made)
    shop/orders.v2 large: error some are below 0 (what an earlier run has made)
    ");
}
