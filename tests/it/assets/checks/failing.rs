//! Checks whose own code fails, that are tried again, and that look in a run which goes on.

use std::sync::atomic::{AtomicUsize, Ordering};

use orch::prelude::*;
use orch::run::Rerun;

use super::{found, materialize, story};
use crate::assets::storage;

#[asset]
fn orders() -> i64 {
    7
}

#[asset]
fn report(orders: i64) -> i64 {
    orders
}

#[asset_check(asset = orders)]
fn careless(orders: i64) -> bool {
    assert!(orders == 0, "there are {orders}");
    true
}

#[asset_check(asset = orders, blocking)]
fn unreachable(_orders: i64) -> Result<bool> {
    Err(Failure::new("the catalogue does not answer"))
}

/// How often it has looked.
static LOOKED: AtomicUsize = AtomicUsize::new(0);

#[asset_check(asset = orders, blocking, retry(max = 3))]
fn patient(orders: i64) -> Result<CheckResult> {
    match LOOKED.fetch_add(1, Ordering::Relaxed) {
        0 => Err(Failure::new("not yet")),
        looked => {
            Ok(CheckResult::expect(looked > 1, format!("{orders} is looked at for the {looked}. time")))
        }
    }
}

#[test]
fn a_check_that_panics_fails_the_run_and_what_is_made_of_its_asset_is_made() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![careless]);
    let storage = storage();
    insta::assert_snapshot!(story(&materialize(&definitions, &storage, "*")), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_FAILURE orders.careless panicked: there are 7
    ASSET_MATERIALIZATION report report
    STEP_SUCCESS report
    RUN_FAILURE 1 step failed, the first is orders.careless
    ");
    assert_eq!(found(&storage), "", "it has found nothing out");
}

#[test]
fn a_blocking_check_that_cannot_look_stops_what_is_made_of_its_asset() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![unreachable]);
    let storage = storage();
    insta::assert_snapshot!(story(&materialize(&definitions, &storage, "*")), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_FAILURE orders.unreachable the catalogue does not answer
    STEP_SKIPPED report: orders.unreachable failed
    RUN_FAILURE 1 step failed, the first is orders.unreachable
    ");
    assert_eq!(found(&storage), "", "it has found nothing out");
}

#[test]
fn a_failure_is_tried_again_and_a_finding_is_not() {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![patient]);
    let storage = storage();
    let ran = materialize(&definitions, &storage, "*");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_UP_FOR_RETRY orders.patient #1 not yet, again at once
    STEP_RESTARTED orders.patient #2
    ASSET_CHECK_EVALUATION orders.patient orders failed: 7 is looked at for the 1. time
    STEP_FAILURE orders.patient #2 the blocking check `patient` of the asset `orders` has not passed: 7 is looked at for the 1. time
    STEP_SKIPPED report: orders.patient failed
    RUN_FAILURE 1 step failed, the first is orders.patient
    ");
    // Who has mended it lets the run be made again from there.
    let run = ran.expect_err("it is stopped").run().expect("it began").id();
    let again = definitions.rerun(&storage, run, Rerun::FromFailure).expect("it can be made again");
    let again = again.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&again), @r"
    RUN_START materialize
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    ASSET_CHECK_EVALUATION orders.patient orders passed
    STEP_SUCCESS orders.patient
    ASSET_MATERIALIZATION report report
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(found(&storage), @r"
    orders patient: error 7 is looked at for the 1. time (what its run has made)
    orders patient: passed  (what its run has made)
    ");
}
