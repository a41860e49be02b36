//! Of days that are taken and not asked for, and that a blocking check has refused or never looked at, nothing is made where only
//! what is missing, or stale, is made.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::event::{Detail, Entry, EventKind, RunView};
use orch_core::ids::RunId;
use orch_core::run::Runner;
use orch_core::storage::RunQuery;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-06").into()
    }
}

/// What is taken on a day: on the second something is wrong.
#[asset(code_version = "1")]
fn takings(day: &Partition<Daily>) -> i64 {
    if day.window().start.day() == 2 { -1 } else { 1 }
}

/// What there is after each day.
#[asset(code_version = "1", partitions = Daily)]
fn balance(takings: i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> i64 {
    balance.unwrap_or_default() + takings
}

/// What was taken on a day and on the one before.
#[asset(code_version = "1", partitions = Daily)]
fn recent(#[mapped(PartitionMapping::time_window(-1, 0).allow_missing())] takings: &Partitions<i64>) -> i64 {
    takings.values().sum()
}

/// It is told of all takings, and takes none.
#[asset(code_version = "1", deps = [takings])]
fn notice() -> String {
    "it is all written down".to_owned()
}

#[asset_check(asset = takings, blocking)]
fn positive(takings: i64) -> CheckResult {
    CheckResult::expect(takings > 0, "it is negative")
}

#[asset_check(asset = balance, blocking)]
fn covered(balance: i64) -> CheckResult {
    CheckResult::expect(balance > 0, format!("{balance} is too little"))
}

fn unchecked() -> Definitions {
    Definitions::new().assets(assets![takings, balance, recent, notice])
}

fn checked() -> Definitions {
    unchecked().checks(checks![positive, covered])
}

fn selected(selection: &str) -> AssetSelection {
    selection.parse().expect("a selection")
}

fn days(days: &'static str) -> impl FnOnce(Runner) -> Runner {
    move |runner| runner.partition(days)
}

/// All takings were looked at, and two days of the balance, of which the second was refused too.
fn refused() -> Shop {
    let mut kept = Shop::empty();
    kept.put_with(1, &unchecked(), &selected("takings"), days("*"));
    kept.put_with(2, &unchecked(), &selected("balance"), days("2024-01-01..2024-01-02"));
    kept.session(checked(), "assets check takings --partition *");
    kept.session(checked(), "assets check balance --partition 2024-01-01..2024-01-02");
    kept
}

/// The same days, at which nobody has looked.
fn unseen() -> Shop {
    let mut kept = Shop::empty();
    kept.put_with(1, &unchecked(), &selected("takings"), days("*"));
    kept
}

/// What a run says.
fn made(kept: &Shop, words: &str) -> String {
    redacted(&kept.session(checked(), &format!("materialize {words} --max-concurrent 1 --progress none")))
}

#[test]
fn a_day_is_not_made_of_the_day_before_that_was_refused() {
    let kept = refused();
    insta::assert_snapshot!(made(&kept, "balance --missing --partition 2024-01-03"), @"
    exit 1
    --- stderr
    to make              since
    balance[2024-01-03]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 2 succeeded, 1 failed, 2 skipped
          Failed [<time>] read_balance[2024-01-03]
                 `balance[2024-01-02]` is not to be taken as it is: its blocking check `covered` has not passed, in the run <run>: 0 is too little
                   hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`; or have it looked at again: `assets check balance --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(made(&kept, "balance --stale --partition 2024-01-03"), @"
    exit 1
    --- stderr
    to make              since
    balance[2024-01-03]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 2 succeeded, 1 failed, 2 skipped
          Failed [<time>] read_balance[2024-01-03]
                 `balance[2024-01-02]` is not to be taken as it is: its blocking check `covered` has not passed, in the run <run>: 0 is too little
                   hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`; or have it looked at again: `assets check balance --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    // A run that is told to make it takes what there is.
    insta::assert_snapshot!(made(&kept, "balance --partition 2024-01-03"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 5 steps: 5 succeeded
    Materialized balance[2024-01-03]
    ");
}

#[test]
fn what_takes_no_such_day_is_made() {
    let kept = refused();
    insta::assert_snapshot!(made(&kept, "takings recent --missing --partition 2024-01-03..2024-01-05"), @"
    exit 1
    --- stderr
    to make                         since
    recent[2024-01-03..2024-01-05]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 9 steps: 7 succeeded, 1 failed, 1 skipped
          Failed [<time>] read_takings[2024-01-03]
                 `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
                   hint: mend it, and have it made anew: `materialize takings --partition '2024-01-02'`; or have it looked at again: `assets check takings --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized recent[2024-01-04]
    Materialized recent[2024-01-05]
    ");
    // It has failed, as what could not be read for it.
    insta::assert_snapshot!(kept.session(checked(), "assets partitions recent"), @"
    exit 0
    --- stdout
    recent has 5 partitions
    state         count  partitions
    materialized  2      2024-01-04..2024-01-05
    in progress   0
    failed        1      2024-01-03
    missing       2      2024-01-01..2024-01-02
    ");
}

#[test]
fn what_is_only_told_of_such_a_day_is_not_made_either() {
    let kept = refused();
    insta::assert_snapshot!(made(&kept, "takings notice --missing --partition 2024-01-03"), @"
    exit 1
    --- stderr
    to make  since
    notice   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 4 steps: 2 succeeded, 1 failed, 1 skipped
          Failed [<time>] wait_for_takings
                 `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
                   hint: mend it, and have it made anew: `materialize takings --partition '2024-01-02'`; or have it looked at again: `assets check takings --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(made(&kept, "notice --missing"), @"
    exit 0
    --- stderr
    to make  since
    notice   it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 1 step: 1 succeeded
    Materialized notice
    ");
}

#[test]
fn days_of_what_is_not_named_and_without_checks_are_taken_as_they_are() {
    insta::assert_snapshot!(made(&refused(), "recent --missing --partition 2024-01-03"), @"
    exit 0
    --- stderr
    to make             since
    recent[2024-01-03]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 3 steps: 3 succeeded
    Materialized recent[2024-01-03]
    ");
    insta::assert_snapshot!(made(&refused(), "balance --missing --partition 2024-01-03 --no-checks"), @"
    exit 0
    --- stderr
    to make              since
    balance[2024-01-03]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 4 steps: 4 succeeded
    Materialized balance[2024-01-03]
    ");
}

#[test]
fn a_day_at_which_nobody_has_looked_is_taken_when_somebody_has() {
    let kept = unseen();
    let words = "takings recent --missing --partition 2024-01-05";
    insta::assert_snapshot!(made(&kept, words), @"
    exit 1
    --- stderr
    to make             since
    recent[2024-01-05]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 6 steps: 4 succeeded, 1 failed, 1 skipped
          Failed [<time>] read_takings[2024-01-05]
                 `takings[2024-01-04]` is not to be taken as it is: its blocking check `positive` has not looked at it
                   hint: have it looked at: `assets check takings --partition '2024-01-04'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    kept.session(checked(), "assets check takings --partition 2024-01-04");
    insta::assert_snapshot!(made(&kept, words), @"
    exit 0
    --- stderr
    to make             since
    recent[2024-01-05]  it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 5 steps: 5 succeeded
    Materialized recent[2024-01-05]
    ");
}

/// The same takings, by other code.
mod rewritten {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn takings(day: &Partition<Daily>) -> i64 {
        super::takings(day)
    }
}

#[test]
fn what_would_turn_out_to_be_as_it_is_fails_for_such_a_day_and_stands() {
    let kept = refused();
    kept.session(unchecked(), "materialize balance --partition 2024-01-03");
    kept.session(checked(), "assets check balance --partition 2024-01-03");
    let program = || {
        let assets = Definitions::new().assets(assets![rewritten::takings, balance, recent, notice]);
        assets.checks(checks![covered])
    };
    let stale =
        "materialize takings balance --stale --partition 2024-01-03 --max-concurrent 1 --progress none";
    insta::assert_snapshot!(redacted(&kept.session(program(), stale)), @"
    exit 1
    --- stderr
    to make              since
    takings[2024-01-03]  its code version has changed: 1 → 2
    balance[2024-01-03]  it is made of `takings`, which is to be made
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 2 succeeded, 1 failed, 2 skipped
          Failed [<time>] read_balance[2024-01-03]
                 `balance[2024-01-02]` is not to be taken as it is: its blocking check `covered` has not passed, in the run <run>: 0 is too little
                   hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`; or have it looked at again: `assets check balance --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized takings[2024-01-03]
    ");
    insta::assert_snapshot!(kept.session(program(), "assets partitions balance"), @"
    exit 0
    --- stdout
    balance has 5 partitions
    state         count  partitions
    materialized  2      2024-01-01..2024-01-02
    in progress   0
    failed        1      2024-01-03
    missing       2      2024-01-04..2024-01-05
    of those in progress or failed, 1 was materialized before: 2024-01-03
    ");
}

#[test]
fn nor_does_a_backfill_make_anything_of_such_a_day() {
    let kept = refused();
    let session = |words: &str| redacted(&kept.session(checked(), words));
    let launch = "backfill launch takings recent --missing --partition 2024-01-03..2024-01-04";
    insta::assert_snapshot!(session(launch), @"
    exit 1
    --- stderr
    to make                         since
    recent[2024-01-03..2024-01-04]  it was never materialized
    backfill <run> of 2 runs, recorded in memory
    failed   recent 2024-01-03, run <run>
    done     recent 2024-01-04, 0 runs left
    backfill <run>: failure
    asset   asked for  done  failed
    recent  2          1     1

    failed      assets  run                                   why
    2024-01-03  recent  <run>  `read_takings[2024-01-03]` failed: `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    insta::assert_snapshot!(session("backfill retry-failed latest"), @"
    exit 1
    --- stderr
    backfill <run> of 2 runs, recorded in memory
    failed   recent 2024-01-03, run <run>
    backfill <run>: failure
    asset   asked for  done  failed
    recent  2          1     1

    failed      assets  run                                   why
    2024-01-03  recent  <run>  `read_takings[2024-01-03]` failed: `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
}

#[test]
fn nor_does_a_run_that_goes_on_from_one_of_a_backfill() {
    let kept = refused();
    let session = |words: &str| redacted(&kept.session(checked(), words));
    session("backfill launch takings recent --missing --partition 2024-01-03");
    insta::assert_snapshot!(session("rerun latest --from-failure --progress none"), @"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 2 steps: 1 failed, 1 skipped
          Failed [<time>] read_takings[2024-01-03]
                 `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
                   hint: mend it, and have it made anew: `materialize takings --partition '2024-01-02'`; or have it looked at again: `assets check takings --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    // Nor one that goes on from that; which begins anew takes what there is.
    insta::assert_snapshot!(session("rerun latest --from-failure --progress none"), @"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 2 steps: 1 failed, 1 skipped
          Failed [<time>] read_takings[2024-01-03]
                 `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
                   hint: mend it, and have it made anew: `materialize takings --partition '2024-01-02'`; or have it looked at again: `assets check takings --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(session("rerun latest --all --progress none"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 3 steps: 3 succeeded
    Materialized recent[2024-01-03]
    ");
}

#[test]
fn nor_does_one_that_was_interrupted_and_is_taken_up_by_itself() {
    let kept = refused();
    let session = |words: &str| redacted(&kept.session(checked(), words));
    session("backfill launch takings recent --missing --partition 2024-01-03");
    let run = interrupted(&kept);
    insta::assert_snapshot!(session(&format!("resume {run} --progress none")), @"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 3 steps: 1 succeeded, 1 failed, 1 skipped
         Resumed [        ] once
          Failed [<time>] read_takings[2024-01-03]
                 `takings[2024-01-02]` is not to be taken as it is: its blocking check `positive` has not passed, in the run <run>: it is negative
                   hint: mend it, and have it made anew: `materialize takings --partition '2024-01-02'`; or have it looked at again: `assets check takings --partition '2024-01-02'`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
}

#[test]
fn nor_does_one_that_goes_on_from_a_run_of_what_is_missing_or_stale() {
    for making in ["--missing", "--stale"] {
        let kept = refused();
        let session = |words: &str| redacted(&kept.session(checked(), words));
        session(&format!("materialize takings recent {making} --partition 2024-01-03"));
        let run = interrupted(&kept);
        let resumed = session(&format!("resume {run} --progress none"));
        let rerun = session("rerun latest --from-failure --progress none");
        for told in [resumed, rerun] {
            assert!(told.contains("`takings[2024-01-02]` is not to be taken as it is"), "{making}: {told}");
        }
    }
}

/// A run as the latest one, which was interrupted when it had begun.
fn interrupted(kept: &Shop) -> RunId {
    let storage = kept.shared();
    let mut record = storage.runs(&RunQuery::default()).expect("runs").swap_remove(0);
    let pinned = storage.pinned(record.id).expect("a run");
    let mut events = Vec::new();
    let read = storage.events(record.id).expect("events").history(&mut |logged, _| events.push(logged.event));
    read.expect("events");
    record.id = RunId::new();
    events.retain(|event| matches!(event.kind, EventKind::RunStart { .. }));
    events.iter_mut().for_each(|event| event.run = record.id);
    record.tell(&RunView::of(Detail::Counts, &events));
    let entries: Vec<_> = events.into_iter().map(Entry::from).collect();
    storage.create(&record, &pinned).expect("a run").commit(&entries).expect("in memory");
    record.id
}
