//! Runs that are canceled, and whose process is gone before they have ended: who ends them comes to what they would have come to.

use std::collections::BTreeSet;
use std::sync::Mutex;

use orch_core::define::{Cancel, HookContext, HookDef, StepOutcome};
use orch_core::event::{Counts, Event, EventKind, Total};

use super::*;

/// What there is to say of a run, whoever has ended it.
#[derive(Debug, PartialEq)]
struct Told {
    status: RunStatus,
    counts: Counts,
    total: Total,
    resumed: u64,
    steps: BTreeMap<String, StepState>,
    /// What was cut off, each in which attempt.
    canceled: BTreeSet<(String, u32)>,
    interrupted: bool,
}

impl Told {
    fn of(memory: &Memory, run: RunId) -> Self {
        let mut view = RunView::new(Detail::Steps);
        memory
            .events(run)
            .unwrap()
            .events(0, false, &mut |logged| {
                view.apply(&logged.event);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        let steps = || view.steps().iter();
        Self {
            status: view.status(),
            counts: *view.counts(),
            total: view.total(),
            resumed: view.resumed(),
            steps: steps().map(|step| (step.path.to_string(), step.state.clone())).collect(),
            canceled: view.canceled().iter().map(|step| (step.path.to_string(), step.attempt)).collect(),
            interrupted: steps().any(|step| step.attempts.iter().any(|attempt| attempt.interrupted)),
        }
    }
}

/// Of three pages the second asks for the end of the run and is stopped; each has two steps more, and there is one of all.
fn pages(cancel: &Cancel, heard: &Arc<Mutex<BTreeSet<String>>>) -> Definitions {
    let pages = OpDef::builder("pages").returns::<Many>().coded([Coded::<i64>::CODEC]);
    let pages = pages.blocking(|_| Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("c", 3)]))).into();
    let asks = cancel.clone();
    let read = OpDef::builder("read").input::<i64>("x").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let read = read.asynchronous(move |mut args| {
        let (page, asks) = (args.take::<i64>(0), asks.clone());
        async move {
            let page = page?;
            if page == 2 {
                asks.cancel();
                std::future::pending::<()>().await;
            }
            Ok(page)
        }
    });
    let read = read.into();
    let (count, sum) = (pass("count"), pass("sum"));
    let all = OpDef::builder("all").input::<Vec<i64>>("all").returns::<Plain>();
    let all = all.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.into_iter().sum())).into();
    let notes = Arc::clone(heard);
    let hook = HookDef::builder("hear").on([StepOutcome::Canceled, StepOutcome::NotExecuted]);
    let hook = hook.blocking(move |told: HookContext| {
        let line = format!("{} {}", told.step(), told.outcome().name());
        notes.lock().expect("nobody panicked").insert(line);
        Ok(())
    });
    let options = JobOptions::new("job").max_concurrent(1).max_in_flight(8).hook(&hook);
    Definitions::new().job(Job::compose(options, || {
        let sums = Call::of(&pages).place::<Many>().map(|page: Out<i64>| {
            let read = call(&read, &[page]);
            call(&sum, &[call(&count, &[read])])
        });
        Call::of(&all).input::<Vec<i64>>(sums.collect()).place::<Plain>();
    }))
}

#[test]
fn a_run_that_was_canceled_is_told_alike_whether_its_process_or_another_one_ends_it() {
    let id = RunId::from_u128(7);
    // As long as there are commits left; perhaps until it is recorded that the run is asked to end.
    let canceled = |left: usize, is_asked: bool| {
        let (cancel, heard) = (Cancel::new(), Arc::default());
        let definitions = pages(&cancel, &heard);
        let memory = Memory::new();
        let left = Arc::new(AtomicUsize::new(left));
        let mortal = Mortal { memory: memory.clone(), left: Arc::clone(&left), room: true };
        let storage: Arc<dyn Storage> = Arc::new(mortal);
        let runner = definitions.runner(&definitions.jobs()[0]).run_id(id).record(&storage).cancel(cancel);
        let gone = Arc::clone(&left);
        let runner = runner.sink(move |event: &Event| {
            if is_asked && matches!(event.kind, EventKind::RunCanceling) {
                gone.store(0, Ordering::Relaxed);
            }
        });
        let _ = runtime().block_on(runner.run());
        let asked = Told::of(&memory, id).status == RunStatus::Canceling;
        let is_over = memory.run(id).expect("a run").status.is_terminal();
        if !is_over {
            let (storage, cancel): (Arc<dyn Storage>, _) = (Arc::new(memory.clone()), Cancel::new());
            cancel.cancel();
            let runner = definitions.resume(&storage, id).expect("it can be taken up").cancel(cancel);
            runtime().block_on(runner.run()).expect_err("it is canceled");
        }
        let heard = std::mem::take(&mut *heard.lock().expect("nobody panicked"));
        (Told::of(&memory, id), heard, asked, is_over)
    };
    let (orderly, told, _, _) = canceled(usize::MAX, false);
    insta::assert_snapshot!(
        orderly.steps.iter().map(|(step, state)| format!("{step}: {state:?}")).collect::<Vec<_>>().join("\n"),
        @r"
    all: Skipped(Canceled)
    count[a]: Succeeded
    count[b]: Skipped(Canceled)
    pages: Canceled
    read[a]: Succeeded
    read[b]: Canceled
    sum[a]: Succeeded
    sum[b]: Skipped(Canceled)
    "
    );
    for life in 1.. {
        let (ended, heard, asked, is_over) = canceled(life, false);
        assert_eq!((ended.status, ended.resumed), (RunStatus::Canceled, 0), "gone after {life} commits");
        assert_eq!(ended.counts.seen(), ended.total.known, "gone after {life} commits");
        // Before, another one has asked, at another time.
        if asked {
            assert_eq!((&ended, &heard), (&orderly, &told), "gone after {life} commits");
        }
        if is_over {
            break;
        }
    }
    // Whatever is committed together, what follows from being asked is not with it.
    let (ended, heard, asked, _) = canceled(usize::MAX, true);
    assert!(asked);
    assert_eq!((ended, heard), (orderly, told));
}
