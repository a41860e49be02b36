//! Runs with checks are interrupted at any commit: what each check has found is told once, and stops what it is to stop.

use orch_core::asset::CheckResult;
use orch_core::event::EventKind;
use orch_core::graph::{Asset as _, CheckDef};
use orch_core::run::{Rerun, RunError};

use super::assets::{Last, Next, Raw, Side};
use super::*;

const RUN: RunId = RunId::from_u128(1);

/// A number, two of which each is made of the one before, and a check of each but the last.
fn definitions(most: i64) -> Definitions {
    let small = move |number: &i64| CheckResult::expect(*number <= most, format!("{number} is large"));
    let of_raw = CheckDef::builder::<Raw>("small").blocking().looks_at(move |number: &i64, _| small(number));
    let of_next = CheckDef::builder::<Next>("small").looks_at(move |number: &i64, _| small(number));
    let assets = [Raw::asset(), Next::asset(), Last::asset()];
    Definitions::new().assets(assets.map(Arc::clone)).checks([of_raw, of_next])
}

/// Beside it a number of which nothing is made, and which is checked as well.
fn and_side(most: i64) -> Definitions {
    let small = move |number: &i64| CheckResult::expect(*number <= most, format!("{number} is large"));
    let check = CheckDef::builder::<Side>("small").blocking().looks_at(move |number: &i64, _| small(number));
    definitions(most).assets([Arc::clone(Side::asset())]).checks([check])
}

fn materialize(definitions: &Definitions, storage: &Arc<dyn Storage>) -> Result<(), RunError> {
    let job = definitions.materialize(&"*".parse().unwrap());
    let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).record(storage);
    runtime().block_on(runner.run()).map(drop)
}

/// What the run has come to: what was found, which assets there are, and how its steps have ended.
fn came_to(memory: &Memory, run: RunId) -> (Vec<String>, Vec<String>, Vec<String>) {
    let found = memory.evaluations(&EvaluationQuery::default()).unwrap();
    let found = found.iter().rev().map(|fact| {
        let of_run = fact.target.as_ref().is_some_and(|target| target.run == run);
        format!("{}.{} {}, of this run: {of_run}", fact.asset, fact.check, fact.result.passed)
    });
    let made = memory.materializations(&MaterializationQuery::default()).unwrap();
    let made = made.iter().rev().map(|fact| fact.asset.to_string());
    let mut ends = Vec::new();
    let mut tell = |logged: orch_core::event::Logged, _: Option<&[u8]>| {
        let step = logged.event.step.as_ref().map(ToString::to_string).unwrap_or_default();
        match logged.event.kind {
            EventKind::StepSuccess => ends.push(format!("{step} succeeded")),
            EventKind::StepFailure { .. } => ends.push(format!("{step} failed")),
            EventKind::StepSkipped { .. } => ends.push(format!("{step} skipped")),
            _ => {}
        }
    };
    memory.events(run).unwrap().history(&mut tell).unwrap();
    ends.sort();
    (found.collect(), made.collect(), ends)
}

/// Interrupts a run before each of its commits, and takes it up again; all of them come to the same.
fn interrupted(definitions: &Definitions) -> (Vec<String>, Vec<String>, Vec<String>) {
    let whole = Memory::new();
    let storage = |memory: &Memory, left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    let succeeds = materialize(definitions, &storage(&whole, usize::MAX)).is_ok();
    let undisturbed = came_to(&whole, RUN);
    for life in 0.. {
        let memory = Memory::new();
        let _ = materialize(definitions, &storage(&memory, life));
        if memory.run(RUN).is_ok_and(|run| run.status.is_terminal()) {
            assert!(life >= 3, "{life} commits");
            break;
        }
        let runner = definitions.resume(&storage(&memory, usize::MAX), RUN).unwrap();
        let ended = runtime().block_on(runner.run());
        assert_eq!(ended.is_ok(), succeeds, "interrupted after {life} commits");
        assert_eq!(came_to(&memory, RUN), undisturbed, "interrupted after {life} commits");
    }
    undisturbed
}

#[test]
fn what_has_passed_is_looked_at_once() {
    insta::assert_debug_snapshot!(interrupted(&definitions(100)), @r#"
    (
        [
            "Raw.small true, of this run: true",
            "Next.small true, of this run: true",
        ],
        [
            "Raw",
            "Next",
            "Last",
        ],
        [
            "Last succeeded",
            "Next succeeded",
            "Next.small succeeded",
            "Raw succeeded",
            "Raw.small succeeded",
        ],
    )
    "#);
}

#[test]
fn what_a_check_has_stopped_stays_so() {
    insta::assert_debug_snapshot!(interrupted(&definitions(1)), @r#"
    (
        [
            "Raw.small false, of this run: true",
        ],
        [
            "Raw",
        ],
        [
            "Last skipped",
            "Next skipped",
            "Next.small skipped",
            "Raw succeeded",
            "Raw.small failed",
        ],
    )
    "#);
}

#[test]
fn what_was_refused_is_made_anew_by_what_goes_on_from_there_however_often_that_is_interrupted() {
    let again = RunId::from_u128(2);
    let storage = |memory: &Memory, left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    let mended = and_side(100);
    let gone_on = |left| {
        let memory = Memory::new();
        materialize(&and_side(1), &storage(&memory, usize::MAX)).unwrap_err();
        let runner = mended.rerun(&storage(&memory, left), RUN, Rerun::FromFailure).unwrap();
        let ended = runtime().block_on(runner.run_id(again).max_concurrent(1).run());
        (memory, ended.is_ok())
    };
    let (whole, _) = gone_on(usize::MAX);
    let undisturbed = came_to(&whole, again);
    insta::assert_debug_snapshot!(undisturbed.2, @r#"
    [
        "Last succeeded",
        "Next succeeded",
        "Next.small succeeded",
        "Raw succeeded",
        "Raw.small succeeded",
        "Side succeeded",
        "Side.small succeeded",
    ]
    "#);
    for life in 1.. {
        let (memory, is_over) = gone_on(life);
        if is_over {
            assert!(life >= 3, "{life} commits");
            break;
        }
        let runner = mended.resume(&storage(&memory, usize::MAX), again).unwrap();
        runtime().block_on(runner.max_concurrent(1).run()).unwrap();
        assert_eq!(came_to(&memory, again), undisturbed, "interrupted after {life} commits");
    }
}
