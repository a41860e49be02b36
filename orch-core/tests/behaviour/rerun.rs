//! New runs that are made from recorded ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use orch_core::define::{Dynamic, OpDef};
use orch_core::event::Event;
use orch_core::failure::Failure;
use orch_core::graph::{Call, Out};
use orch_core::ids::RunId;
use orch_core::io::Coded;
use orch_core::run::{Definitions, Rerun};
use orch_core::storage::{Memory, Storage};
use orch_core::value::{Keyed, StepFailure};

use crate::support::{Many, Notes, Plain, call, job, tell};

/// A job whose item `b` fails as often as is said, and the runs of it.
struct Bench {
    definitions: Definitions,
    storage: Arc<dyn Storage>,
    failures: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        let number = || [Coded::<i64>::CODEC];
        let pages = OpDef::builder("pages").returns::<Many>().coded(number());
        let pages = pages.blocking(|_| Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("c", 3)]))).into();
        let failures = Arc::new(AtomicUsize::new(1));
        let left = Arc::clone(&failures);
        let check = OpDef::builder("check").input::<i64>("x").returns::<Plain>().coded(number());
        let check = check.blocking(move |mut args| {
            let x = args.take::<i64>(0)?;
            let fails = x == 2
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
            if fails { Err(Failure::new("not now")) } else { Ok(x * 10) }
        });
        let check = check.into();
        let sum = OpDef::builder("sum").input::<Vec<i64>>("all").returns::<Plain>().coded(number());
        let sum = sum.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.into_iter().sum())).into();
        let job = job(|| {
            let checked = Call::of(&pages).place::<Many>().map(|x: Out<i64>| call(&check, &[x]));
            Call::of(&sum).input::<Vec<i64>>(checked.collect()).place::<Plain>()
        });
        let storage: Arc<dyn Storage> = Arc::new(Memory::new());
        Self { definitions: Definitions::new().job(job), storage, failures }
    }

    fn run(&self, number: u128) -> String {
        let runner = self.definitions.runner(&self.definitions.jobs()[0]).record(&self.storage);
        self.told(runner.run_id(RunId::from_u128(number)))
    }

    fn rerun(&self, of: u128, number: u128, what: Rerun) -> Result<String, String> {
        let runner = self.definitions.rerun(&self.storage, RunId::from_u128(of), what);
        runner
            .map(|runner| self.told(runner.run_id(RunId::from_u128(number))))
            .map_err(|error| error.to_string())
    }

    fn told(&self, runner: orch_core::run::Runner) -> String {
        let told = Notes::new();
        let notes = told.clone();
        let _ = runner.sink(move |event: &Event| notes.add(event.clone())).run_blocking();
        tell(&told.take())
    }
}

#[test]
fn what_failed_runs_again_with_all_that_depends_on_it() {
    let bench = Bench::new();
    bench.run(1);
    let again = bench.rerun(1, 2, Rerun::FromFailure).unwrap();
    assert_snapshot!(again, @r"
    RUN_START
    STEP_START check[b]
    STEP_OUTPUT check[b]
    STEP_SUCCESS check[b]
    STEP_START sum
    STEP_OUTPUT sum
    STEP_SUCCESS sum
    RUN_SUCCESS
    ");
    let record = bench.storage.run(RunId::from_u128(2)).unwrap();
    assert_eq!((record.parent, record.root), (Some(RunId::from_u128(1)), RunId::from_u128(1)));
    // What the first run has made is found behind the second one.
    let sum = bench.rerun(2, 3, Rerun::Select("sum".parse().unwrap())).unwrap();
    assert_snapshot!(sum, @r"
    RUN_START
    STEP_START sum
    STEP_OUTPUT sum
    STEP_SUCCESS sum
    RUN_SUCCESS
    ");
    let record = bench.storage.run(RunId::from_u128(3)).unwrap();
    assert_eq!((record.parent, record.root), (Some(RunId::from_u128(2)), RunId::from_u128(1)));
}

#[test]
fn a_rerun_that_fails_can_be_gone_on_from_too() {
    let bench = Bench::new();
    bench.failures.store(2, Ordering::Relaxed);
    bench.run(1);
    bench.rerun(1, 2, Rerun::FromFailure).unwrap();
    let third = bench.rerun(2, 3, Rerun::FromFailure).unwrap();
    assert!(third.ends_with("RUN_SUCCESS\n") && !third.contains("pages"), "{third}");
    assert_snapshot!(bench.rerun(3, 4, Rerun::FromFailure).unwrap_err(), @r"
    of the run 00000000-0000-0000-0000-000000000003 nothing has failed
      hint: run it anew: rerun --all, or a part of it: rerun --select ..
    ");
    let all = bench.rerun(3, 4, Rerun::All).unwrap();
    assert_eq!(all.matches("STEP_SUCCESS").count(), 5, "{all}");
}

#[test]
fn what_cannot_be_run_again_says_why() {
    let bench = Bench::new();
    assert_snapshot!(bench.rerun(9, 1, Rerun::All).unwrap_err(), @"there is no run 00000000-0000-0000-0000-000000000009");
    bench.run(1);
    let other = Definitions::new();
    assert_snapshot!(other.rerun(&bench.storage, RunId::from_u128(1), Rerun::All).unwrap_err(), @r"
    the run 00000000-0000-0000-0000-000000000001 is one of the job `job`, which this program has not
      hint: jobs of this program:
    ");
}

#[test]
fn what_took_a_failure_as_a_value_runs_again_too() {
    type Results = Vec<Keyed<Result<i64, StepFailure>>>;
    let bench = Bench::new();
    let number = || [Coded::<i64>::CODEC];
    let left = Arc::clone(&bench.failures);
    // Fails after its first item, and gives other ones then.
    let source = OpDef::builder("source").returns::<Many>().coded(number());
    let source = source.blocking(move |_| {
        let fails = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        let first = if fails { 1 } else { 10 };
        let second = if fails { Err(Failure::new("no more")) } else { Ok(("b", 20)) };
        Ok(Dynamic::try_from_iter([Ok(("a", first)), second]))
    });
    let (source, double) = (source.into(), OpDef::builder("double").input::<i64>("x"));
    let double = double.returns::<Plain>().coded(number()).blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
    let double = double.into();
    let odd = OpDef::builder("odd").input::<i64>("x").returns::<Plain>().coded(number());
    let left = Arc::new(AtomicUsize::new(1));
    let odd = odd.blocking(move |mut args| {
        let fails = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if fails { Err(Failure::new("not at first")) } else { args.take::<i64>(0) }
    });
    let odd = odd.into();
    let count = OpDef::builder("count").input::<Results>("all").returns::<Plain>().coded(number());
    let count = count.blocking(|mut args| {
        Ok(args.take::<Results>(0)?.iter().filter(|item| item.value.is_ok()).count() as i64)
    });
    let count = count.into();
    let pages = OpDef::builder("pages").returns::<Many>().coded(number());
    let pages = pages.blocking(|_| Ok(Dynamic::from_values([1, 2]))).into();
    let job = job(|| {
        Call::of(&source).place::<Many>().map(|x: Out<i64>| call(&double, &[x]));
        let odds = Call::of(&pages).place::<Many>().map(|x: Out<i64>| call(&odd, &[x]));
        Call::of(&count).input::<Results>(odds.collect_results()).place::<Plain>()
    });
    let bench = Bench { definitions: Definitions::new().job(job), ..bench };
    bench.run(1);
    assert_snapshot!(bench.rerun(1, 2, Rerun::FromFailure).unwrap(), @r"
    RUN_START
    STEP_START source
    STEP_OUTPUT source [a]
    STEP_START double[a]
    STEP_OUTPUT double[a]
    STEP_SUCCESS double[a]
    STEP_OUTPUT source [b]
    STEP_START double[b]
    STEP_OUTPUT double[b]
    STEP_SUCCESS double[b]
    STREAM_CLOSED source 2
    STEP_SUCCESS source
    STEP_START odd[0]
    STEP_OUTPUT odd[0]
    STEP_SUCCESS odd[0]
    STEP_START count
    STEP_OUTPUT count
    STEP_SUCCESS count
    RUN_SUCCESS
    ");
}
