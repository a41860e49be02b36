//! Runs that are canceled, and whose process is gone before they have ended: who ends them comes to what they would have come to.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use orch_core::define::{Cancel, HookContext, HookDef, StepOutcome};
use orch_core::event::{Counts, Event, EventKind, Total};

use orch_core::graph::{AssetDef, Upstream};
use orch_core::partition::Partition;
use orch_core::run::Rerun;

use super::*;
use crate::earlier::{Daily, runner};

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
        let mortal = Mortal { memory: memory.clone(), left: Arc::clone(&left), room: true, unread: None };
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

/// Readings of days: that of the third asks for the end of the run, the first time, and is stopped; and what is made of each.
fn readings(cancel: &Cancel, made: &Arc<Mutex<Vec<String>>>) -> Definitions {
    let (asks, stops, notes) = (cancel.clone(), Arc::new(AtomicBool::new(true)), Arc::clone(made));
    let read = OpDef::builder("reading").input::<Partition<Daily>>("day").returns::<Plain>();
    let read = read.coded([Coded::<i64>::CODEC]).asynchronous(move |mut args| {
        let (day, asks) = (args.take::<Partition<Daily>>(0), asks.clone());
        let (stops, notes) = (Arc::clone(&stops), Arc::clone(&notes));
        async move {
            let day = day?.key().to_string();
            if day == "2024-01-03" && stops.swap(false, Ordering::SeqCst) {
                asks.cancel();
                std::future::pending::<()>().await;
            }
            notes.lock().expect("nobody panicked").push(day);
            Ok(1_i64)
        }
    });
    let read: Arc<OpDef> = read.into();
    let reading = AssetDef::builder("reading").partitioned_by::<Daily>();
    let op = Arc::clone(&read);
    let reading = Arc::new(reading.made_by(&read, move |upstream: &Upstream| {
        Call::of(&op).input::<Partition<Daily>>(upstream.partition::<Daily>()).place::<Plain>();
    }));
    let twice = OpDef::builder("twice").input::<i64>("reading").returns::<Plain>();
    let twice: Arc<OpDef> =
        twice.coded([Coded::<i64>::CODEC]).blocking(|mut args| Ok(args.take::<i64>(0)? * 2)).into();
    let (op, taken) = (Arc::clone(&twice), Arc::clone(&reading));
    let def = AssetDef::builder("twice").partitioned_by::<Daily>().takes_made(&reading);
    let doubled = def.made_by(&twice, move |upstream: &Upstream| {
        Call::of(&op).input::<i64>(upstream.of_made::<i64>(&taken)).place::<Plain>();
    });
    Definitions::new().assets([reading, Arc::new(doubled)])
}

#[test]
fn from_its_cancel_on_a_run_makes_the_days_that_it_had_not_made() {
    let (cancel, made) = (Cancel::new(), Arc::default());
    let definitions = readings(&cancel, &made);
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let taken = || std::mem::take(&mut *made.lock().expect("nobody panicked")).join(", ");
    // Not all days are given by then.
    let first =
        runner(&definitions, &storage, "2024-01-01..2024-01-07", 1).max_concurrent(1).max_in_flight(2);
    first.cancel(cancel).run_blocking().expect_err("it is canceled");
    assert_eq!(taken(), "2024-01-01, 2024-01-02");
    let again = |of: u128, id: u128| {
        let again = definitions.rerun(&storage, RunId::from_u128(of), Rerun::FromFailure);
        again.expect("it can be gone on from").run_id(RunId::from_u128(id)).max_concurrent(1).max_in_flight(2)
    };
    // One that makes nothing, and has given no day.
    let canceled = Cancel::new();
    canceled.cancel();
    again(1, 2).cancel(canceled).run_blocking().expect_err("it is canceled too");
    again(2, 3).run_blocking().expect("all can be made");
    assert_eq!(taken(), "2024-01-03, 2024-01-04, 2024-01-05, 2024-01-06, 2024-01-07");
    let of_twice =
        MaterializationQuery { asset: Some("twice".parse().expect("a key")), ..Default::default() };
    let facts = storage.materializations(&of_twice).expect("facts");
    let days =
        facts.iter().rev().map(|fact| (fact.run.as_u128(), fact.partition.as_deref().unwrap_or_default()));
    insta::assert_debug_snapshot!(days.collect::<Vec<_>>(), @r#"
    [
        (
            1,
            "2024-01-01",
        ),
        (
            1,
            "2024-01-02",
        ),
        (
            3,
            "2024-01-03",
        ),
        (
            3,
            "2024-01-04",
        ),
        (
            3,
            "2024-01-05",
        ),
        (
            3,
            "2024-01-06",
        ),
        (
            3,
            "2024-01-07",
        ),
    ]
    "#);
}
