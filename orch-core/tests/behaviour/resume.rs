//! Runs that are interrupted at any commit, and go on.

mod assets;
mod canceled;
mod checks;
mod earlier;
mod ends;
mod keys;
mod memory;
mod mortal;
mod not_there;
mod observations;
mod partitions;
mod shelf;
mod sources;
mod unmade;

pub(crate) use self::mortal::Mortal;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use orch_core::asset::{EvaluationQuery, MaterializationQuery};
use orch_core::define::{Dynamic, JobOptions, One, OpDef, Optional, Retry};
use orch_core::event::{Detail, RunStatus, RunView, StepState};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job, Out};
use orch_core::ids::RunId;
use orch_core::io::Coded;
use orch_core::run::{Definitions, RunErrorKind};
use orch_core::storage::{Memory, ReadAssets, ReadRuns, Storage, WriteKeySets};
use orch_core::value::{Keyed, StepFailure};
use tokio::runtime::{Builder, Runtime};

use crate::support::{Many, Maybe, Plain, call, give, pass};

/// A source whose items are sources, a step that is tried again, one that fails for good, one that leaves its output out,
/// collects of all kinds: what its report says does not depend on how often it was interrupted.
fn job(durable: bool) -> Job {
    let number = || [Coded::<i64>::CODEC.filter(|_| durable)];
    let split = OpDef::builder("split").returns::<Many>().coded(number());
    let split = split.blocking(|_| Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("c", 3)]))).into();
    let rows = OpDef::builder("rows").input::<i64>("x").returns::<Many>().coded(number());
    let rows = rows.blocking(|mut args| {
        let x = args.take::<i64>(0)?;
        Ok(Dynamic::from_values((0..x).map(move |row| x * 10 + row)))
    });
    let rows = rows.into();
    let flaky = OpDef::builder("flaky").input::<i64>("x").retry(Retry::new(5)).returns::<Plain>();
    let flaky = flaky.coded(number()).blocking(|mut args| {
        let first = args.context().attempt() == 1;
        let x = args.take::<i64>(0)?;
        if first && x % 2 == 0 { Err(Failure::new("not at first")) } else { Ok(x + 1) }
    });
    let flaky = flaky.into();
    let sum = OpDef::builder("sum").input::<Vec<i64>>("all").returns::<Plain>().coded(number());
    let sum = sum.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.into_iter().sum())).into();
    let picky = OpDef::builder("picky").input::<i64>("x").returns::<Plain>().coded(number());
    let picky = picky.blocking(|mut args| match args.take::<i64>(0)? {
        43 => Err(Failure::new("not 43")),
        x => Ok(x),
    });
    let picky = picky.into();
    let odd = OpDef::builder("odd").input::<i64>("x").returns::<Maybe>().coded(number());
    let odd = odd.blocking(|mut args| {
        let x = args.take::<i64>(0)?;
        Ok(Optional::from((x % 2 == 1).then_some(x)))
    });
    let odd = odd.into();
    let torn = OpDef::builder("torn").returns::<Many>().coded([Coded::<i64>::CODEC]);
    let torn = torn.blocking(|_| {
        let items = [Ok((7_u64, 7)), Ok((8, 8)), Err(Failure::new("no more").not_retryable())];
        Ok(Dynamic::try_from_iter(items))
    });
    let torn = torn.into();
    type Results = Vec<Keyed<Result<i64, StepFailure>>>;
    let report = OpDef::builder("report").input::<Vec<i64>>("sums").input::<Vec<i64>>("odds");
    let report =
        report.input::<Results>("picked").returns::<One<String, 0>>().coded([Coded::<String>::CODEC]);
    let report = report.blocking(|mut args| {
        let (sums, odds) = (args.take::<Vec<i64>>(0)?, args.take::<Vec<i64>>(1)?);
        let picked = args.take::<Results>(2)?.into_iter().map(|item| match item.value {
            Ok(value) => format!("{}={value}", item.key),
            Err(failure) => format!("{}: {failure}", item.key),
        });
        Ok(format!("{sums:?} {odds:?} {:?}", picked.collect::<Vec<_>>()))
    });
    let report = report.into();
    Job::compose(JobOptions::new("job").max_concurrent(2), || {
        let split = Call::of(&split).place::<Many>();
        // What was put out before the source failed goes on. It must be kept: what has failed is not made anew.
        Call::of(&torn).place::<Many>().map(|x: Out<i64>| call(&flaky, &[x]));
        let sums = split.map(|x: Out<i64>| {
            let rows = Call::of(&rows).input::<i64>(x).place::<Many>();
            let flaky = rows.map(|row: Out<i64>| call(&flaky, &[row]));
            Call::of(&sum).input::<Vec<i64>>(flaky.collect()).place::<Plain>()
        });
        let odds = sums.map(|sum: Out<i64>| Call::of(&odd).input::<i64>(sum).place::<Maybe>());
        let picked = sums.map(|sum: Out<i64>| call(&picky, &[sum]));
        Call::of(&report)
            .input::<Vec<i64>>(sums.collect())
            .input::<Vec<i64>>(odds.collect())
            .input::<Results>(picked.collect_results())
            .place::<One<String, 0>>()
    })
}

/// What has become of a run: its status, the state of each step, what the report says.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: RunStatus,
    steps: BTreeMap<String, StepState>,
    report: Option<Vec<u8>>,
}

fn outcome(memory: &Memory, run: RunId) -> Outcome {
    let mut view = RunView::new(Detail::Steps);
    let mut report = None;
    let events = memory.events(run).unwrap();
    events
        .events(0, false, &mut |logged| {
            view.apply(&logged.event);
            if logged.has_value && logged.event.step.as_ref().is_some_and(|step| step.name() == "report") {
                report = events.value(logged.number).unwrap().map(|value| value.bytes().to_vec());
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let steps = view.steps().iter().map(|step| (step.path.to_string(), step.state.clone())).collect();
    Outcome { status: view.status(), steps, report }
}

/// A runtime whose clock goes on when all else has been done, so that who waits for a retry comes last.
fn runtime() -> Runtime {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().expect("a runtime")
}

/// Runs the job until it is over, each process being gone after `lives[n]` commits, and the last one not.
fn run(definitions: &Definitions, lives: &[usize]) -> (Outcome, usize) {
    let memory = Memory::new();
    let id = RunId::from_u128(7);
    for (process, left) in lives.iter().copied().chain([usize::MAX]).enumerate() {
        let left = Arc::new(AtomicUsize::new(left));
        let storage: Arc<dyn Storage> =
            Arc::new(Mortal { memory: memory.clone(), left: Arc::clone(&left), room: true, unread: None });
        let begun = memory.run(id).is_ok();
        let runner = if begun {
            definitions.resume(&storage, id).unwrap()
        } else {
            definitions.runner(&definitions.jobs()[0]).run_id(id).record(&storage)
        };
        match runtime().block_on(runner.run()) {
            Err(error) if matches!(error.kind(), RunErrorKind::Unrecorded { .. }) => {
                assert!(process < lives.len(), "the last process is not to break: {error}");
            }
            Err(error) if !matches!(error.kind(), RunErrorKind::Failed { .. }) => panic!("{error}"),
            _ => return (outcome(&memory, id), usize::MAX - left.load(Ordering::Relaxed)),
        }
    }
    unreachable!("the last process lives on");
}

#[test]
fn a_run_that_is_interrupted_at_any_commit_comes_to_the_same_end() {
    for durable in [true, false] {
        let definitions = Definitions::new().job(job(durable));
        let (undisturbed, commits) = run(&definitions, &[]);
        assert_eq!(undisturbed.status, RunStatus::Failure);
        assert!(commits > 30, "{commits} commits");
        for life in 0..=commits {
            let (outcome, _) = run(&definitions, &[life]);
            assert_eq!(outcome, undisturbed, "durable {durable}, interrupted after {life} commits");
        }
        for life in (0..commits).step_by(3) {
            let (outcome, _) = run(&definitions, &[life, life % 7, 5]);
            assert_eq!(outcome, undisturbed, "durable {durable}, three times, first after {life} commits");
        }
    }
}

#[test]
fn a_run_that_goes_on_has_what_it_made_before() {
    let first = give("first", || Ok(7));
    let second = pass("second");
    let job = Job::compose(JobOptions::new("job"), || call(&second, &[call(&first, &[])]));
    let definitions = Definitions::new().job(job);
    let (memory, id) = (Memory::new(), RunId::from_u128(7));
    let storage = |left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    let runner = definitions.runner(&definitions.jobs()[0]).run_id(id).record(&storage(2));
    runner.run_blocking().expect_err("the process is gone");
    let run = definitions.resume(&storage(9), id).unwrap().keep_outputs().run_blocking().unwrap();
    for op in [&first, &second] {
        let values: Vec<_> = run.outputs_of::<Plain>(op).map(|(_, value)| *value).collect();
        assert_eq!(values, [7]);
    }
    // It is over now, and cannot go on once more.
    let error = definitions.resume(&storage(9), id).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the run 00000000-0000-0000-0000-000000000007 is over: success
      hint: make a new run of it: rerun 00000000-0000-0000-0000-000000000007 --all
    ");
}

#[test]
fn a_run_goes_on_with_another_program_only_if_that_is_accepted() {
    let first = give("first", || Ok(7));
    let job = |second: &str| {
        let second = pass(second);
        Job::compose(JobOptions::new("job"), || call(&second, &[call(&first, &[])]))
    };
    let (memory, id) = (Memory::new(), RunId::from_u128(7));
    let storage = |left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    let before = Definitions::new().job(job("second"));
    let runner = before.runner(&before.jobs()[0]).run_id(id).record(&storage(2));
    runner.run_blocking().expect_err("the process is gone");
    let now = Definitions::new().job(job("other"));
    let refused = now.resume(&storage(9), id).unwrap().run_blocking().unwrap_err();
    insta::assert_snapshot!(refused, @r"
    the program has changed since the run 00000000-0000-0000-0000-000000000007 was begun
      `other` is new: it runs
      `second` is no longer there: if it has run, that stands; if it has not, it does not run
      hint: go on with the program that began it, or accept the changes: `--accept-changes`
    ");
    let run = now.resume(&storage(9), id).unwrap().accept_changes().keep_events().run_blocking().unwrap();
    insta::assert_snapshot!(crate::support::story(&run), @r"
    RUN_RESUMED
    STEP_INTERRUPTED second
    STEP_START other
    STEP_OUTPUT other
    STEP_SUCCESS other
    RUN_SUCCESS
    ");
}

#[test]
fn where_there_is_no_room_for_a_file_no_step_fails_and_the_run_goes_on_when_there_is() {
    type Large = One<Vec<u64>, 0>;
    let large = OpDef::builder("large").returns::<Large>().coded([Coded::<Vec<u64>>::CODEC]);
    let large = large.blocking(|_| Ok(vec![7; 50_000])).into();
    let length = OpDef::builder("length").input::<Vec<u64>>("all").returns::<Plain>();
    let length = length.coded([Coded::<i64>::CODEC]);
    let length = length.asynchronous(|mut args| {
        let length = args.take::<Vec<u64>>(0).map(|all| all.len() as i64);
        async move { length }
    });
    let length = length.into();
    let job = Job::compose(JobOptions::new("job"), || {
        let all = Call::of(&large).place::<Large>();
        Call::of(&length).input::<Vec<u64>>(all).place::<Plain>();
    });
    let definitions = Definitions::new().job(job);
    let (memory, id) = (Memory::new(), RunId::from_u128(7));
    let storage = |room, left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room,
            unread: None,
        })
    };
    let runner = definitions.runner(&definitions.jobs()[0]).run_id(id).record(&storage(false, 9));
    let error = runner.run_blocking().unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Unrecorded { .. }));
    insta::assert_snapshot!(error, @r"
    the run of `job` broke off, since what happens cannot be recorded any more: `result` cannot be recorded
      caused by: the disk is full
      hint: when that is mended, let it go on: resume 00000000-0000-0000-0000-000000000007
    ");
    // With room again it goes on, and once more when the file is there.
    definitions.resume(&storage(true, 2), id).unwrap().run_blocking().expect_err("the process is gone");
    let run = definitions.resume(&storage(true, 9), id).unwrap().keep_outputs().run_blocking().unwrap();
    assert_eq!(run.outputs_of::<Plain>(&length).map(|(_, length)| *length).collect::<Vec<_>>(), [50_000]);
}
