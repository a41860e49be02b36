use std::sync::Arc;

use super::*;
use crate::asset::{Recipe, TypedMetadata, ValueAt};
use crate::define::{Dynamic, JobOptions, One, OpDef, kind};
use crate::event::sample::{Log, at, path};
use crate::event::{EventKind, SkipCause};
use crate::graph::{AssetDef, Call, Job, Out};
use crate::run::Definitions;
use crate::select::AssetSelection;

type Number = One<i64, { kind::VALUE }>;

/// Each page goes through three steps, and all of them into the last.
fn plan() -> Plan {
    let pages = OpDef::builder("pages").returns::<One<Dynamic<i64>, { kind::DYNAMIC }>>();
    let pages = Arc::new(pages.blocking(|_| Ok(Dynamic::from_values(0..3))));
    let step = |name: &str| {
        let step = OpDef::builder(name).input::<i64>("x").returns::<Number>();
        Arc::new(step.blocking(|mut args| args.take(0)))
    };
    let (first, second, third) = (step("first"), step("second"), step("third"));
    let last = OpDef::builder("last").input::<Vec<i64>>("all").pool("db").returns::<Number>();
    let last = Arc::new(last.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.iter().sum())));
    let job = Job::compose(JobOptions::new("chain"), || {
        let all = Call::of(&pages).place::<One<Dynamic<i64>, { kind::DYNAMIC }>>().map(|page| {
            let page = Call::of(&first).input::<i64>(page).place::<Number>();
            let page = Call::of(&second).input::<i64>(page).place::<Number>();
            Call::of(&third).input::<i64>(page).place::<Number>()
        });
        Call::of(&last).input::<Vec<i64>>(all.collect()).place::<Number>()
    });
    job.plan()
}

fn log() -> Log {
    Log::new("chain", &["pages", "first over pages", "second over pages", "third over pages", "last"])
}

fn told(log: &Log, state: RunState, step: Option<&str>) -> String {
    told_of(log, state, step, None)
}

fn told_of(log: &Log, state: RunState, step: Option<&str>, upstream: Option<RunId>) -> String {
    let mut history = History::new();
    log.events().iter().for_each(|event| history.apply(event));
    let plan = plan();
    let why = Why {
        history: &history,
        plan: &plan,
        taken: &[],
        upstream,
        state,
        holder: None,
        now: at(60_000),
        palette: Palette::Plain,
    };
    step.map_or_else(|| why_run(&why), |step| why_step(&why, &path(step)))
}

#[test]
fn a_step_whose_process_is_gone_was_under_way_when_another_canceled_the_run() {
    let mut log = log();
    log.start("pages").resumed().interrupted("pages", 1).push(None, 0, EventKind::RunCanceling);
    let skipped = EventKind::StepSkipped { cause: SkipCause::Canceled };
    log.push(Some("pages"), 1, skipped.clone()).push(Some("last"), 0, skipped);
    insta::assert_snapshot!(told(&log, RunState::Canceled, Some("pages")), @r"
    pages was canceled with the run: it was under way, or waited for its next attempt
      attempt 1 was interrupted: the process of the run was gone
    ");
    insta::assert_snapshot!(told(&log, RunState::Canceled, Some("last")), @r"
    last was skipped
      because the run was canceled before it could begin
    ");
}

#[test]
fn the_chain_of_a_copy_is_its_own() {
    let mut log = log();
    log.start("pages").item("pages", "0").item("pages", "1").item("pages", "2");
    log.start("first[0]").success("first[0]", 1).start("second[0]").failure("second[0]", 1, "no disk");
    log.start("first[1]").failure("first[1]", 1, "no page");
    log.skip("third[0]", "second[0]").skip("second[1]", "first[1]").skip("third[1]", "first[1]");
    log.skip("last", "first[1]");
    insta::assert_snapshot!(told(&log, RunState::Failure, Some("last")), @r"
    last was skipped
      because third[1] was skipped
      because second[1] was skipped
      because first[1] failed: no page
    ");
    insta::assert_snapshot!(told(&log, RunState::Failure, Some("third[0]")), @r"
    third[0] was skipped
      because second[0] failed: no disk
    ");
    insta::assert_snapshot!(told(&log, RunState::Failure, None), @"
    chain failed
      second[0] failed: no disk
      first[1] failed: no page
      third[0]: skipped since second[0] failed
      second[1], third[1], last: skipped since first[1] failed
    ");
}

#[test]
fn what_has_not_begun_tells_what_is_missing() {
    let mut log = log();
    insta::assert_snapshot!(told(&log, RunState::Running, Some("pages")), @r"
    pages has not begun
      all that it needs is there: it waits for a slot; 4 steps may run at once
    ");
    log.start("pages").item("pages", "0").start("first[0]");
    insta::assert_snapshot!(told(&log, RunState::Running, Some("third[0]")), @r"
    third[0] has not begun
      it waits for second, which has not begun
      second waits for first[0], which is under way
    ");
    insta::assert_snapshot!(told(&log, RunState::Running, Some("first[1]")), @"first[1] has not begun: pages has put out no such item yet");
    insta::assert_snapshot!(told(&log, RunState::Running, Some("first[0][1]")), @"first[0][1] is no copy of first: each copy has 1 key");
    insta::assert_snapshot!(told(&log, RunState::Running, Some("other")), @"other is not in the plan of the run");
    log.item("pages", "1").start("first[1]").success("first[1]", 1).start("second[1]");
    insta::assert_snapshot!(told(&log, RunState::Running, Some("third[0]")), @r"
    third[0] has not begun
      it waits for second of the same item, which has not begun
    ");
    log.success("first[0]", 1).start("second[0]").success("second[0]", 1);
    insta::assert_snapshot!(told(&log, RunState::Running, Some("third[0]")), @r"
    third[0] has not begun
      all that it needs is there: it waits for a slot; 4 steps may run at once
    ");
    log.start("third[0]").success("third[0]", 1).close("pages", 2, 0).success("pages", 1);
    log.success("second[1]", 1).start("third[1]").success("third[1]", 1);
    insta::assert_snapshot!(told(&log, RunState::Running, Some("last")), @r"
    last has not begun
      all that it needs is there: it waits for a slot, or one in the pool db; 4 steps may run at once
    ");
}

#[test]
fn of_many_steps_the_first_are_named() {
    let mut log = log();
    log.start("pages");
    for key in 0..9 {
        log.item("pages", &key.to_string()).start(&format!("first[{key}]"));
    }
    for key in 0..7 {
        log.failure(&format!("first[{key}]"), 1, "no page");
    }
    insta::assert_snapshot!(told(&log, RunState::Running, None), @"
    chain is running
      first[0] failed: no page
      first[1], first[2], first[3], first[4], first[5] and 1 more: failed too
      pages is open, since 2026-01-02 03:04:05Z, for 1m 0s
      first[7] is running, since 2026-01-02 03:04:05Z, for 1m 0s
      first[8] is running, since 2026-01-02 03:04:05Z, for 1m 0s
      second, third, last: not begun
    ");
}

#[test]
fn of_a_run_that_goes_on_from_another_it_is_told_what_may_be_taken_from_there() {
    let mut log = log();
    log.start("pages");
    let upstream = Some(RunId::from_u128(9));
    insta::assert_snapshot!(told_of(&log, RunState::Running, Some("last"), upstream), @r"
    last has not begun
      it waits for pages, which is under way
      it waits for third, which has not begun
      third waits for second, which has not begun
      third waits for pages, which is under way
      second waits for first, which has not begun
      second waits for pages, which is under way
      first waits for pages, which is under way
      if it has succeeded in the run 00000000-0000-0000-0000-000000000009, it does not run here, and its outputs are taken from there
    ");
    insta::assert_snapshot!(told_of(&log, RunState::Canceled, Some("last"), upstream), @"last has not run here; if it has succeeded in the run 00000000-0000-0000-0000-000000000009, its outputs are taken from there");
}

#[test]
fn what_came_of_an_item_that_is_not_put_out_again_was_dropped() {
    let mut log = log();
    log.start("pages").item("pages", "0").start("first[0]").resumed().interrupted("first[0]", 1);
    insta::assert_snapshot!(told(&log, RunState::Interrupted, Some("first[0]")), @r"
    first[0] was to run again when the run was interrupted
      attempt 1 was interrupted: the process of the run was gone
    ");
    insta::assert_snapshot!(told(&log, RunState::Success, Some("first[0]")), @r"
    first[0] was dropped: its item was not put out again
      attempt 1 was interrupted: the process of the run was gone
    ");
}

#[test]
fn a_run_that_was_interrupted_while_it_was_being_canceled_says_so() {
    let mut log = log();
    log.start("pages").push(None, 0, EventKind::RunCanceling);
    insta::assert_snapshot!(told(&log, RunState::Interrupted, None), @r"
    chain was interrupted: nobody runs it any more, and the last that is known of it is 1m ago, after it was asked at 2026-01-02 03:04:05Z to end as canceled
      pages was under way when the run was interrupted
      first, second, third, last: not begun
    ");
}

/// A graph that makes the sum of two numbers and of one that its first step gives.
fn plan_of_graph() -> Plan {
    let number = |name: &str| {
        let op = OpDef::builder(name).returns::<Number>().blocking(|_| Ok(1));
        let op = Arc::new(op);
        let called = Arc::clone(&op);
        Arc::new(AssetDef::builder(name).made_by(&op, move |_| _ = Call::of(&called).place::<Number>()))
    };
    let (left, right) = (number("left"), number("right"));
    let begin = Arc::new(OpDef::builder("begin").returns::<Number>().blocking(|_| Ok(0)));
    let add = OpDef::builder("add").input::<i64>("a").input::<i64>("b").returns::<Number>();
    let add = Arc::new(add.blocking(|mut args| Ok(args.take::<i64>(0)? + args.take::<i64>(1)?)));
    let total = AssetDef::builder("total").takes_made(&left).takes_made(&right);
    let (a, b) = (Arc::clone(&left), Arc::clone(&right));
    let total = total.drawn::<i64>(None, move |drawn| {
        let add = |a, b| Call::of(&add).input::<i64>(a).input::<i64>(b).place::<Number>();
        let begin: Out<i64> = Call::of(&begin).place::<Number>();
        add(add(begin, drawn.of_made::<i64>(&a)), drawn.of_made::<i64>(&b))
    });
    let definitions = Definitions::new().assets([left, right, Arc::new(total)]);
    definitions.materialize(&AssetSelection::all()).plan()
}

#[test]
fn a_graph_that_may_be_passed_over_waits_for_all_that_it_takes() {
    let plan = plan_of_graph();
    let mut log = Log::new("materialize", &["left", "right", "begin", "add", "add_2"]);
    log.start("left").success("left", 1).start("right");
    let mut history = History::new();
    log.events().iter().for_each(|event| history.apply(event));
    let mut remembered = Materialization {
        asset: "total".parse().expect("a key"),
        partition: None,
        run: RunId::from_u128(1),
        event: 1,
        time: at(0),
        metadata: TypedMetadata::new(),
        code_version: None,
        data_version: None,
        inputs: Vec::new(),
        recipe: Recipe::new(),
        value: ValueAt::Fact,
        stamp: None,
    };
    let mut told = |asset: &str, step: &str| {
        remembered.asset = asset.parse().expect("a key");
        let why = Why {
            history: &history,
            plan: &plan,
            taken: std::slice::from_ref(&remembered),
            upstream: None,
            state: RunState::Running,
            holder: None,
            now: at(60_000),
            palette: Palette::Plain,
        };
        why_step(&why, &path(step))
    };
    insta::assert_snapshot!(told("total", "begin"), @"
    begin has not begun
      what makes `total` begins when it is known whether it would come out as it is: it waits for right, which is under way
    ");
    insta::assert_snapshot!(told("total", "add"), @"
    add has not begun
      it waits for begin, which has not begun
    ");
    insta::assert_snapshot!(told("total", "add_2"), @"
    add_2 has not begun
      it waits for add, which has not begun
      it waits for right, which is under way
      add waits for begin, which has not begun
    ");
    // Without a materialization of it there is nothing to find out.
    insta::assert_snapshot!(told("left", "begin"), @"
    begin has not begun
      all that it needs is there: it waits for a slot; 4 steps may run at once
    ");
}
