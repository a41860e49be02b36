//! Ends of steps that were told before a run was interrupted, or in an earlier run: nobody is told another.

use std::collections::BTreeSet;
use std::sync::Mutex;

use orch_core::define::{Cancel, HookContext, HookDef, StepOutcome};
use orch_core::event::Event;
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::run::Rerun;

use super::*;
use crate::support::tell;

/// What a hook was told: a step, the attempt, what became of it, what was stored.
type Heard = Arc<Mutex<BTreeSet<String>>>;

fn taken(heard: &Heard) -> BTreeSet<String> {
    std::mem::take(&mut *heard.lock().expect("nobody panicked"))
}

/// A shelf that says how much there is on it.
struct Shelf;

impl IoManager<i64> for Shelf {
    fn store(&self, _: &OutputAt<'_>, value: &i64) -> Result<Metadata, Failure> {
        Ok(Metadata::from([("rows".to_owned(), (*value).into())]))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64, Failure> {
        Ok(7)
    }
}

/// A step that succeeds in its second attempt, one that fails in its third, and one that needs that; with a hook on all that
/// can become of them.
fn hooked(heard: &Heard) -> Definitions {
    let late = OpDef::builder("late").io("shelf").retry(Retry::new(1)).returns::<Plain>();
    let late = late.blocking(|args| match args.context().attempt() {
        1 => Err(Failure::new("not yet")),
        _ => Ok(7),
    });
    let late = late.into();
    let broken = OpDef::builder("broken").retry(Retry::new(2)).input::<i64>("x").returns::<Plain>();
    let broken = broken.blocking(|_| Err(Failure::new("never"))).into();
    let then = pass("then");
    let notes = Arc::clone(heard);
    let hook =
        HookDef::builder("hear").on([StepOutcome::Success, StepOutcome::Failed, StepOutcome::NotExecuted]);
    let hook = hook.blocking(move |told: HookContext| {
        let (step, attempt, outcome) = (told.step(), told.attempt(), told.outcome().name());
        let error = told.error().map(|error| error.message.clone());
        let line = format!("{step} #{attempt} {outcome} {error:?} {:?}", told.outputs());
        notes.lock().expect("nobody panicked").insert(line);
        Ok(())
    });
    let options = JobOptions::new("job").max_concurrent(1).hook(&hook);
    let job = Job::compose(options, || call(&then, &[call(&broken, &[call(&late, &[])])]));
    Definitions::new().io("shelf", Shelf).job(job)
}

#[test]
fn hooks_are_told_what_they_were_to_be_told_whenever_the_run_is_interrupted() {
    let heard = Heard::default();
    let definitions = hooked(&heard);
    let (undisturbed, commits) = run(&definitions, &[]);
    let expected = taken(&heard);
    insta::assert_snapshot!(expected.iter().cloned().collect::<Vec<_>>().join("\n"), @r#"
    broken #3 failed Some("never") {}
    late #2 success None {"result": {"rows": Number(7)}}
    then #0 not_executed Some("never") {}
    "#);
    for life in 0..=commits {
        let (outcome, _) = run(&definitions, &[life]);
        assert_eq!(outcome, undisturbed, "interrupted after {life} commits");
        let heard = taken(&heard);
        let without_attempts =
            |line: &String| line.split(' ').filter(|word| !word.starts_with('#')).collect::<String>();
        let (told, right): (Vec<_>, Vec<_>) =
            (heard.iter().map(without_attempts).collect(), expected.iter().map(without_attempts).collect());
        assert_eq!(told, right, "interrupted after {life} commits");
        // An attempt that was interrupted counts, and none is forgotten.
        assert!(heard.iter().zip(&expected).all(|(heard, right)| heard >= right), "{heard:?}");
    }
}

#[test]
fn of_what_was_over_a_run_that_is_canceled_tells_how_it_ended() {
    let heard = Heard::default();
    let definitions = hooked(&heard);
    let (_, commits) = run(&definitions, &[]);
    let ends: BTreeSet<_> = taken(&heard);
    let id = RunId::from_u128(7);
    for life in 1..commits {
        let memory = Memory::new();
        let left = Arc::new(AtomicUsize::new(life));
        let storage: Arc<dyn Storage> =
            Arc::new(Mortal { memory: memory.clone(), left, room: true, unread: None });
        let runner = definitions.runner(&definitions.jobs()[0]).run_id(id).record(&storage);
        let _ = runtime().block_on(runner.run());
        if memory.run(id).expect("a run").status.is_terminal() {
            taken(&heard);
            continue;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        let over: BTreeSet<String> = outcome(&memory, id).steps.into_keys().collect();
        let told = events(&memory, id);
        let is_over = |step: &str| {
            let ends = ["STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"];
            told.iter().any(|event| {
                ends.contains(&event.kind.name())
                    && event.step.as_ref().is_some_and(|path| path.name() == step)
            })
        };
        let cancel = Cancel::new();
        cancel.cancel();
        let runner = definitions.resume(&storage, id).expect("it can be taken up").cancel(cancel);
        let _ = runtime().block_on(runner.run());
        let heard = taken(&heard);
        for step in over.iter().filter(|step| is_over(step)) {
            let of_step = |line: &&String| line.starts_with(&format!("{step} "));
            let (heard, end): (Vec<_>, Vec<_>) =
                (heard.iter().filter(of_step).collect(), ends.iter().filter(of_step).collect());
            assert_eq!(heard, end, "canceled after {life} commits");
        }
        let again = tell(&events(&memory, id)[told.len()..]);
        for step in over.iter().filter(|step| is_over(step)) {
            for end in ["STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"] {
                assert!(!again.contains(&format!("{end} {step}")), "after {life} commits:\n{again}");
            }
        }
    }
}

fn events(memory: &Memory, run: RunId) -> Vec<Event> {
    let mut told = Vec::new();
    let each = &mut |logged: orch_core::event::Logged| {
        told.push(logged.event);
        std::ops::ControlFlow::Continue(())
    };
    memory.events(run).expect("a run").events(0, false, each).expect("readable");
    told
}

#[test]
fn what_an_earlier_run_has_made_is_not_made_anew_though_the_one_between_was_canceled() {
    let pages = OpDef::builder("pages").returns::<Many>().coded([Coded::<i64>::CODEC]);
    let pages = pages.blocking(|_| Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("c", 3)]))).into();
    let lives = Arc::new(AtomicUsize::new(0));
    let cancel = Cancel::new();
    let check = OpDef::builder("check").input::<i64>("x").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let (seen, token) = (Arc::clone(&lives), cancel.clone());
    let check = check.blocking(move |mut args| match (args.take::<i64>(0)?, seen.load(Ordering::Relaxed)) {
        (2, 0) => Err(Failure::new("no")),
        (2, 1) => {
            token.cancel();
            while !args.context().is_canceled() {
                std::thread::yield_now();
            }
            Ok(2)
        }
        (x, _) => Ok(x),
    });
    let check = check.into();
    let options = JobOptions::new("job").max_concurrent(1).max_in_flight(1);
    let definitions = Definitions::new().job(Job::compose(options, || {
        Call::of(&pages).place::<Many>().map(|x: Out<i64>| call(&check, &[x]));
    }));
    let memory = Memory::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let id = RunId::from_u128;
    let first = definitions.runner(&definitions.jobs()[0]).run_id(id(1)).record(&storage);
    runtime().block_on(first.run()).expect_err("b fails");
    for run in [2, 3] {
        lives.store(run as usize - 1, Ordering::Relaxed);
        let runner = definitions.rerun(&storage, id(run - 1), Rerun::FromFailure).expect("something failed");
        let _ = runtime().block_on(runner.run_id(id(run)).cancel(cancel.clone()).run());
        let story = tell(&events(&memory, id(run)));
        assert!(!story.contains("pages"), "run {run}:\n{story}");
    }
}
