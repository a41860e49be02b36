//! Checks of partitions in runs that go on, are made anew, pass over what is as it was, and in backfills.

use std::sync::atomic::AtomicBool;

use orch::run::Rerun;

use super::*;

#[test]
fn what_a_check_has_refused_is_made_anew_and_what_has_passed_is_not_looked_at_again() {
    let shop = Shop::new();
    shop.broken_on(3);
    let ran = shop.materialize("sold or revenue", "2024-01-02..2024-01-04");
    let run = ran.expect_err("a day is stopped").run().expect("it began").id();
    shop.broken_on(0);
    let again = shop.definitions.rerun(&shop.storage, run, Rerun::FromFailure).expect("it can be made again");
    let again = again.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&again), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-04
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    STEP_SUCCESS sold[2024-01-03]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 passed
    STEP_SUCCESS sold.positive[2024-01-03]
    ASSET_MATERIALIZATION revenue[2024-01-03] revenue 2024-01-03
    STEP_SUCCESS revenue[2024-01-03]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-03] revenue 2024-01-03 passed
    STEP_SUCCESS revenue.enough[2024-01-03]
    RUN_SUCCESS
    ");
}

#[test]
fn what_is_passed_over_is_looked_at_as_what_it_is() {
    let shop = Shop::new();
    shop.materialize("sold or revenue", "2024-01-02").expect("all is well");
    let job = shop.definitions.materialize(&"sold or revenue".parse().expect("a selection"));
    let runner = shop.definitions.runner(&job).record(&shop.storage).partition("2024-01-02..2024-01-03");
    let ran = runner.memoize().max_concurrent(1).keep_events().run_blocking();
    let told = story(&ran);
    let (told, of) = told.split_once(" as by the run ").expect("the revenue is as it was");
    let rest = of.split_once('\n').map_or("", |(_, rest)| rest);
    insta::assert_snapshot!(format!("{told}\n{rest}"), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-03
    ASSET_MATERIALIZATION sold[2024-01-02] sold 2024-01-02
    STEP_SUCCESS sold[2024-01-02]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-02] sold 2024-01-02 passed
    STEP_SUCCESS sold.positive[2024-01-02]
    STEP_MEMOIZED revenue[2024-01-02]: made of the same
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-02] revenue 2024-01-02 warned: only 20
    STEP_SUCCESS revenue.enough[2024-01-02]
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    STEP_SUCCESS sold[2024-01-03]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 passed
    STEP_SUCCESS sold.positive[2024-01-03]
    ASSET_MATERIALIZATION revenue[2024-01-03] revenue 2024-01-03
    STEP_SUCCESS revenue[2024-01-03]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-03] revenue 2024-01-03 passed
    STEP_SUCCESS revenue.enough[2024-01-03]
    STREAM_CLOSED daily_partitions result, 2 items
    STEP_SUCCESS daily_partitions
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] positive: passed (what its run has made)
    revenue[2024-01-02] enough: warn (what its run has made)
    sold[2024-01-02] positive: passed (what its run has made)
    revenue[2024-01-02] enough: warn (what an earlier run has made)
    sold[2024-01-03] positive: passed (what its run has made)
    revenue[2024-01-03] enough: passed (what its run has made)
    ");
}

#[test]
fn what_is_there_is_not_looked_at_again_by_a_run_of_what_is_missing() {
    let shop = Shop::new();
    shop.materialize("sold or revenue", "2024-01-02").expect("all is well");
    let job = shop.definitions.materialize(&"sold or revenue".parse().expect("a selection"));
    let runner = shop.definitions.runner(&job).record(&shop.storage).partition("2024-01-02..2024-01-03");
    let ran = runner.only_missing().max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-03
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    STEP_SUCCESS sold[2024-01-03]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 passed
    STEP_SUCCESS sold.positive[2024-01-03]
    ASSET_MATERIALIZATION revenue[2024-01-03] revenue 2024-01-03
    STEP_SUCCESS revenue[2024-01-03]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-03] revenue 2024-01-03 passed
    STEP_SUCCESS revenue.enough[2024-01-03]
    STREAM_CLOSED daily_partitions result, 2 items
    STEP_SUCCESS daily_partitions
    RUN_SUCCESS
    ");
}

#[test]
fn what_was_refused_or_never_looked_at_is_looked_at_before_what_is_missing_is_made_of_it() {
    let shop = Shop::new();
    shop.broken_on(3);
    shop.materialize("sold or revenue", "2024-01-02..2024-01-03").expect_err("a day is stopped");
    shop.broken_on(4);
    let unchecked = shop.definitions.materialize_unchecked(&"sold".parse().expect("a selection"));
    shop.run(&unchecked, "2024-01-04..2024-01-05").expect("nobody looks");
    let job = shop.definitions.materialize(&"sold or revenue".parse().expect("a selection"));
    let runner = shop.definitions.runner(&job).record(&shop.storage).partition("2024-01-02..2024-01-05");
    let ran = runner.only_missing().max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-05
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 failed: -3 on 2024-01-03
    STEP_FAILURE sold.positive[2024-01-03] the blocking check `positive` of the asset `sold[2024-01-03]` has not passed: -3 on 2024-01-03
    STEP_SKIPPED revenue[2024-01-03]: sold.positive[2024-01-03] failed
    STEP_SKIPPED revenue.enough[2024-01-03]: sold.positive[2024-01-03] failed
    ASSET_CHECK_EVALUATION sold.positive[2024-01-04] sold 2024-01-04 failed: -4 on 2024-01-04
    STEP_FAILURE sold.positive[2024-01-04] the blocking check `positive` of the asset `sold[2024-01-04]` has not passed: -4 on 2024-01-04
    STEP_SKIPPED revenue[2024-01-04]: sold.positive[2024-01-04] failed
    STEP_SKIPPED revenue.enough[2024-01-04]: sold.positive[2024-01-04] failed
    ASSET_CHECK_EVALUATION sold.positive[2024-01-05] sold 2024-01-05 passed
    STEP_SUCCESS sold.positive[2024-01-05]
    ASSET_MATERIALIZATION revenue[2024-01-05] revenue 2024-01-05
    STEP_SUCCESS revenue[2024-01-05]
    ASSET_CHECK_EVALUATION revenue.enough[2024-01-05] revenue 2024-01-05 passed
    STEP_SUCCESS revenue.enough[2024-01-05]
    STREAM_CLOSED daily_partitions result, 4 items
    STEP_SUCCESS daily_partitions
    RUN_FAILURE 2 steps failed, the first is sold.positive[2024-01-03]
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] positive: passed (what its run has made)
    revenue[2024-01-02] enough: warn (what its run has made)
    sold[2024-01-03] positive: error (what its run has made)
    sold[2024-01-03] positive: error (what an earlier run has made)
    sold[2024-01-04] positive: error (what an earlier run has made)
    sold[2024-01-05] positive: passed (what an earlier run has made)
    revenue[2024-01-05] enough: passed (what its run has made)
    ");
}

#[test]
fn in_a_backfill_what_a_check_stops_excludes_what_is_made_of_it_until_it_is_mended() {
    use orch::report::{self, Palette};
    let shop = Shop::new();
    shop.broken_on(9);
    let job = shop.definitions.materialize(&"*".parse().expect("all"));
    let runner = shop.definitions.runner(&job).partition("2024-01-07..2024-01-13");
    let backfill = shop.definitions.backfill(runner).per(2).launch(&shop.storage).expect("it is launched");
    let id = backfill.id();
    let shown = |status: &orch::backfill::BackfillStatus| {
        let text = report::backfill(status, Palette::Plain).replace(&id.to_string(), "ID");
        let runs = status.failed.iter().filter_map(|failed| failed.run);
        runs.fold(text, |text, run| text.replace(&run.to_string(), "RUN")).trim_end().to_owned()
    };
    insta::assert_snapshot!(shown(&backfill.run_blocking().expect("it is driven")), @r"
    backfill ID: failure
    asset    asked for  done  excluded
    sold     7          7
    revenue  7          6     1
    week     1                1
    best     1                1

    failed      assets   run                                   why
    2024-01-09  revenue  RUN  `sold.positive[2024-01-09]` failed: the blocking check `positive` of the asset `sold[2024-01-09]` has not passed: -9 on 2024-01-09
    ");
    shop.broken_on(0);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("a day failed");
    insta::assert_snapshot!(shown(&again.run_blocking().expect("it is driven")), @r"
    backfill ID: success
    asset    asked for  done
    sold     7          7
    revenue  7          7
    week     1          1
    best     1          1
    ");
}

static MISTAKE: AtomicBool = AtomicBool::new(true);

/// Made of what lies outside, of which no version is known.
#[asset(partitions = Daily, code_version = "1")]
fn counted() -> i64 {
    if MISTAKE.load(Ordering::SeqCst) { -1 } else { 1 }
}

#[asset_check(asset = counted, blocking)]
fn none_is_negative(counted: i64) -> bool {
    counted >= 0
}

#[test]
fn what_was_refused_is_not_passed_over_by_what_goes_on() {
    let definitions = Definitions::new().assets(assets![counted]).checks(checks![none_is_negative]);
    let storage = storage();
    let job = definitions.materialize(&"counted".parse().expect("a selection"));
    let run = || {
        let runner = definitions.runner(&job).record(&storage).partition("2024-01-02");
        runner.memoize().max_concurrent(1).keep_events().run_blocking()
    };
    run().expect_err("it is refused");
    // Its recipe is the same, so it is passed over, and refused as what it is.
    let failed = run();
    let told = story(&failed);
    assert!(told.contains("STEP_MEMOIZED counted[2024-01-02]: made of the same"), "{told}");
    MISTAKE.store(false, Ordering::SeqCst);
    let failed = failed.expect_err("it is refused again").run().expect("it began").id();
    let again = definitions.rerun(&storage, failed, Rerun::FromFailure).expect("it can be made again");
    let again = again.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&again), @r"
    RUN_START materialize orch/partition=2024-01-02
    ASSET_MATERIALIZATION counted[2024-01-02] counted 2024-01-02
    STEP_SUCCESS counted[2024-01-02]
    ASSET_CHECK_EVALUATION counted.none_is_negative[2024-01-02] counted 2024-01-02 passed
    STEP_SUCCESS counted.none_is_negative[2024-01-02]
    RUN_SUCCESS
    ");
}
