//! What runs under way are to make, and what is said of it while they are.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use orch::partition::{BySet, ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::event::{Entry, Event, EventKind};
use orch_core::ids::RunId;
use orch_core::run::{Rerun, Runner};

use super::*;

mod known;
mod stored;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-10").into()
    }
}

/// Where the steps of days wait, from one on, until the test lets them go on.
struct Gate {
    day: i64,
    reached: Sender<()>,
    opened: Mutex<Receiver<()>>,
}

impl Gate {
    fn before(day: i64) -> (Self, Receiver<()>, Sender<()>) {
        let ((reached, is_reached), (open, opened)) = (channel(), channel());
        (Self { day, reached, opened: Mutex::new(opened) }, is_reached, open)
    }

    fn pass(&self, day: i64) {
        if day >= self.day {
            let _ = self.reached.send(());
            // Open is what nobody holds closed any more.
            let _ = self.opened.lock().expect("nobody panics").recv();
        }
    }
}

#[asset]
fn visits(day: &Partition<Daily>, gate: Res<Gate>) -> i64 {
    let day = i64::from(day.window().start.day());
    gate.pass(day);
    day * 10
}

#[asset(partitions = Daily)]
fn errors(visits: i64) -> Result<i64> {
    if visits == 40 { Err(Failure::new("the log of that day is lost")) } else { Ok(visits / 7) }
}

#[asset]
fn worst(#[mapped(PartitionMapping::all().allow_missing())] errors: &Partitions<i64>) -> i64 {
    errors.values().copied().max().unwrap_or_default()
}

fn gated(gate: Gate) -> Definitions {
    Definitions::new().assets(assets![visits, errors, worst]).resource(gate)
}

/// The program when nothing waits.
fn site() -> Definitions {
    gated(Gate::before(i64::MAX).0)
}

fn makes(kept: &Shop, days: &str) -> Runner {
    site().runner(&site().materialize(&all())).partition(days).record(kept.raw())
}

/// That an attempt at this step begins.
fn starts(step: &'static str) -> impl Fn(&Event) -> bool {
    move |event| {
        matches!(event.kind, EventKind::StepStart { .. })
            && event.step.as_ref().is_some_and(|path| path.to_string() == step)
    }
}

/// The states of the days of an asset, without the head.
fn states(kept: &Shop, asset: &str) -> String {
    let told = kept.session(site(), &format!("assets partitions {asset}"));
    told.lines().skip(4).map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_run_is_to_make_is_in_progress_for_as_long_as_it_is_under_way() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &site(), &all(), |runner| runner.partition("2024-01-01..2024-01-04"));
    let run = makes(&kept, "2024-01-03..2024-01-06");
    let under_way = kept.begin(2, run, starts("errors[2024-01-04]"));
    insta::assert_snapshot!(kept.session(site(), "assets partitions visits"), @r"
    exit 0
    --- stdout
    visits has 9 partitions
    state         count  partitions
    materialized  4      2024-01-01..2024-01-04
    in progress   2      2024-01-05..2024-01-06
    failed        0
    missing       3      2024-01-07..2024-01-09
    ");
    insta::assert_snapshot!(states(&kept, "errors"), @r"
    materialized  3      2024-01-01..2024-01-03
    in progress   3      2024-01-04..2024-01-06
    failed        0
    missing       3      2024-01-07..2024-01-09
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --state in-progress"), @r"
    exit 0
    --- stdout
    2024-01-04..2024-01-06
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --state failed"), @r"
    exit 0
    --- stderr
    no partition of `errors` failed
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions visits --json"), @r#"
    exit 0
    --- stdout
    {
      "asset": "visits",
      "existing": 9,
      "materialized": {
        "count": 4,
        "ranges": [
          [
            "2024-01-01",
            "2024-01-04"
          ]
        ]
      },
      "observed": {
        "count": 0,
        "ranges": []
      },
      "in_progress": {
        "count": 2,
        "ranges": [
          [
            "2024-01-05",
            "2024-01-06"
          ]
        ]
      },
      "failed": {
        "count": 0,
        "ranges": []
      },
      "missing": {
        "count": 3,
        "ranges": [
          [
            "2024-01-07",
            "2024-01-09"
          ]
        ]
      },
      "materialized_before": {
        "count": 0,
        "ranges": []
      }
    }
    "#);
    insta::assert_snapshot!(kept.session(site(), "assets list"), @r"
    exit 0
    --- stdout
    asset   materialized  run       times  state
    errors  2h ago        019a5f3c  4      3 of 9 partitions, 3 in progress, 3 stale
    visits  2h ago        019a5f3c  6      4 of 9 partitions, 2 in progress, 4 unknown
    worst   never                          missing, in progress
    ");
    let shown = |asset: &str, from: &str| {
        let shown = kept.session(site(), &format!("assets show {asset} --limit 1"));
        let lines = shown.lines().skip_while(|line| !line.starts_with(from));
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(shown("errors", "partitions"), @r"
    partitions   3 of 9 partitions are materialized
    present      2024-01-01..2024-01-03
    missing      2024-01-04..2024-01-09
    in progress  2024-01-04..2024-01-06, of those above
    stale        2024-01-01..2024-01-03: it is made of `visits`, which is to be made
    ");
    insta::assert_snapshot!(shown("worst", "state"), @r"
    state        missing: it was never materialized
    in progress  by the run 019a5f3c
    ");
    let json = kept.session(site(), "assets list worst --json");
    let progress = json.lines().skip_while(|line| !line.contains("in_progress")).take(3);
    insta::assert_snapshot!(progress.collect::<Vec<_>>().join("\n"), @r#"
    "in_progress": [
      "019a5f3c-0002-7000-8000-000000000002"
    ],
    "#);
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-04"), @r"
    exit 0
    --- stdout
    errors[2024-01-04] is missing
      the run 019a5f3c-0002 is making it now
      the last attempt failed, in the run 019a5f3c-0001 3h ago: the log of that day is lost
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-05"), @r"
    exit 0
    --- stdout
    errors[2024-01-05] is missing
      the run 019a5f3c is under way and is to make it
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    errors[2024-01-07] is missing
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(site(), "why worst"), @r"
    exit 0
    --- stdout
    worst is missing
      the run 019a5f3c is under way and is to make it
      it was never materialized
    ");
    // Its process is gone.
    drop(under_way);
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  4      2024-01-01..2024-01-04
    in progress   0
    failed        0
    missing       5      2024-01-05..2024-01-09
    ");
    insta::assert_snapshot!(states(&kept, "errors"), @r"
    materialized  3      2024-01-01..2024-01-03
    in progress   0
    failed        1      2024-01-04
    missing       5      2024-01-05..2024-01-09
    ");
    insta::assert_snapshot!(kept.session(site(), "assets list"), @r"
    exit 0
    --- stdout
    asset   materialized  run       times  state
    errors  2h ago        019a5f3c  4      3 of 9 partitions, 1 failed, 3 stale
    visits  2h ago        019a5f3c  6      4 of 9 partitions, 4 unknown
    worst   never                          missing
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-04"), @"
    exit 0
    --- stdout
    errors[2024-01-04] is missing
      the last attempt failed, in the run 019a5f3c-0001 3h ago: the log of that day is lost
      it was never materialized
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes it again; `program materialize +errors --stale --partition '2024-01-04'` first makes what that is made of, which may have changed
    ");
}

#[test]
fn what_was_made_before_and_is_made_anew_is_in_one_state_alone() {
    let mut kept = Shop::empty();
    kept.put_with(1, &site(), &all(), |runner| runner.partition("2024-01-01..2024-01-03"));
    let run = makes(&kept, "2024-01-02..2024-01-05");
    let _under_way = kept.begin(2, run, starts("visits[2024-01-02]"));
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  1      2024-01-01
    in progress   4      2024-01-02..2024-01-05
    failed        0
    missing       4      2024-01-06..2024-01-09
    of those in progress or failed, 2 were materialized before: 2024-01-02..2024-01-03
    ");
}

#[test]
fn a_run_that_is_canceled_makes_no_more_than_what_it_has_begun() {
    let mut kept = Shop::empty();
    let run = makes(&kept, "2024-01-01..2024-01-04");
    let id = run_id(1);
    let mut under_way = kept.begin(1, run, starts("visits[2024-01-03]"));
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  2      2024-01-01..2024-01-02
    in progress   2      2024-01-03..2024-01-04
    failed        0
    missing       5      2024-01-05..2024-01-09
    ");
    let canceling =
        Event::new("2026-11-20T13:00:00Z".parse().expect("a time"), id, None, 0, EventKind::RunCanceling);
    under_way.commit(&[Entry { event: canceling, value: None }]).expect("in memory");
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  2      2024-01-01..2024-01-02
    in progress   1      2024-01-03
    failed        0
    missing       6      2024-01-04..2024-01-09
    ");
    insta::assert_snapshot!(states(&kept, "errors"), @r"
    materialized  2      2024-01-01..2024-01-02
    in progress   0
    failed        0
    missing       7      2024-01-03..2024-01-09
    ");
}

/// As [`Shop`] gives them.
fn run_id(hour: u128) -> RunId {
    RunId::from_u128(0x019a_5f3c_0000_7000_8000_0000_0000_0000 + hour * ((1 << 80) + 1))
}

#[test]
fn what_goes_on_from_a_failed_run_makes_what_failed_there() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &site(), &all(), |runner| runner.partition("2024-01-03..2024-01-05"));
    let again = site().rerun(kept.raw(), run_id(1), Rerun::FromFailure).expect("it has failed");
    let _under_way = kept.begin(2, again, |event| matches!(event.kind, EventKind::RunStart { .. }));
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  3      2024-01-03..2024-01-05
    in progress   0
    failed        0
    missing       6      2024-01-01..2024-01-02, 2024-01-06..2024-01-09
    ");
    insta::assert_snapshot!(states(&kept, "errors"), @r"
    materialized  2      2024-01-03, 2024-01-05
    in progress   1      2024-01-04
    failed        0
    missing       6      2024-01-01..2024-01-02, 2024-01-06..2024-01-09
    ");
}

#[test]
fn what_is_there_is_not_in_progress_where_only_what_is_missing_is_made() {
    let mut kept = Shop::empty();
    kept.put_with(1, &site(), &all(), |runner| runner.partition("2024-01-01..2024-01-03"));
    let run = makes(&kept, "2024-01-02..2024-01-05").only_missing();
    let _under_way = kept.begin(2, run, |event| matches!(event.kind, EventKind::RunStart { .. }));
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  3      2024-01-01..2024-01-03
    in progress   2      2024-01-04..2024-01-05
    failed        0
    missing       4      2024-01-06..2024-01-09
    ");
}

#[test]
fn a_step_that_stands_still_is_in_progress_until_it_goes_on() {
    let kept = Shop::empty();
    let (gate, reached, open) = Gate::before(2);
    let program = gated(gate);
    let runner = program.runner(&program.materialize(&all())).partition("2024-01-01..2024-01-03");
    let runner = runner.record(&kept.shared()).max_concurrent(1);
    thread::scope(|scope| {
        let run = scope.spawn(|| runner.run_blocking());
        reached.recv().expect("the step begins");
        insta::assert_snapshot!(states(&kept, "visits"), @r"
        materialized  1      2024-01-01
        in progress   2      2024-01-02..2024-01-03
        failed        0
        missing       6      2024-01-04..2024-01-09
        ");
        insta::assert_snapshot!(states(&kept, "errors"), @r"
        materialized  1      2024-01-01
        in progress   2      2024-01-02..2024-01-03
        failed        0
        missing       6      2024-01-04..2024-01-09
        ");
        drop(open);
        run.join().expect("nobody panics").expect("it succeeds");
    });
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  3      2024-01-01..2024-01-03
    in progress   0
    failed        0
    missing       6      2024-01-04..2024-01-09
    ");
}

#[test]
fn of_a_backfill_only_those_are_in_progress_that_a_run_was_begun_for() {
    let kept = Shop::empty();
    let (gate, reached, open) = Gate::before(3);
    thread::scope(|scope| {
        let launch = "backfill launch visits --partition 2024-01-01..2024-01-06 --per 2";
        let backfill = scope.spawn(|| kept.session(gated(gate), launch));
        reached.recv().expect("the step begins");
        insta::assert_snapshot!(states(&kept, "visits"), @r"
        materialized  2      2024-01-01..2024-01-02
        in progress   2      2024-01-03..2024-01-04
        failed        0
        missing       5      2024-01-05..2024-01-09
        ");
        drop(open);
        let told = backfill.join().expect("nobody panics");
        assert!(told.starts_with("exit 0"), "{told}");
    });
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  6      2024-01-01..2024-01-06
    in progress   0
    failed        0
    missing       3      2024-01-07..2024-01-09
    ");
}

struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

#[asset]
fn invoices(customer: &Partition<Customers>) -> String {
    customer.key().to_string()
}

#[op]
fn read(invoices: String) -> Result<String> {
    if invoices == "beta" { Err(Failure::new("it cannot be read")) } else { Ok(invoices) }
}

#[op]
fn count(text: &str) -> usize {
    text.len()
}

/// By a graph of several steps.
#[graph_asset(partitions = Customers)]
fn letters(invoices: Out<String>) -> Out<usize> {
    count(read(invoices))
}

#[test]
fn keys_of_a_set_are_in_progress_whichever_numbers_the_run_was_given_and_graphs_until_they_fail() {
    let office = || Definitions::new().assets(assets![invoices, letters]);
    let states = |kept: &Shop, asset: &str| {
        let told = kept.session(office(), &format!("assets partitions {asset}"));
        told.lines().skip(4).map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let mut kept = Shop::empty();
    kept.raw().add_keys("customers", &["gamma", "beta", "acme"]).expect("keys");
    kept.storage().add_keys("customers", &["acme", "beta", "gamma", "delta"]).expect("keys");
    let run = |kept: &Shop| {
        let runner = office().runner(&office().materialize(&all()));
        runner.partition("beta, gamma").record(kept.raw())
    };
    let begun = run(&kept);
    let under_way = kept.begin(1, begun, starts("invoices[gamma]"));
    insta::assert_snapshot!(states(&kept, "invoices"), @r"
    materialized  0
    in progress   2      beta, gamma
    failed        0
    missing       2      acme, delta
    ");
    insta::assert_snapshot!(states(&kept, "letters"), @r"
    materialized  0
    in progress   2      beta, gamma
    failed        0
    missing       2      acme, delta
    ");
    drop(under_way);
    let begun = run(&kept);
    let _under_way =
        kept.begin(2, begun, |event| matches!(event.kind, EventKind::AssetFailedToMaterialize { .. }));
    insta::assert_snapshot!(states(&kept, "letters"), @r"
    materialized  1      gamma
    in progress   0
    failed        1      beta
    missing       2      acme, delta
    ");
}
