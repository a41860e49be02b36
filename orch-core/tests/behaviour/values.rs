//! Values: moved where they can be, shared where they may, and gone after their last use.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use orch_core::define::{Dynamic, JobOptions, One, OpDef, Retry};
use orch_core::event::{Event, EventKind};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Handle as _, Job, Out};

use super::support::{Plain, call, give, job};

/// Counts the copies of a kind of value: those made by cloning, those alive, and the most that were.
#[derive(Default)]
struct Tally {
    clones: AtomicUsize,
    live: AtomicUsize,
    most: AtomicUsize,
}

struct Counted(Arc<Tally>);

impl Counted {
    fn new(tally: &Arc<Tally>) -> Self {
        let live = tally.live.fetch_add(1, Ordering::SeqCst) + 1;
        tally.most.fetch_max(live, Ordering::SeqCst);
        Self(Arc::clone(tally))
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.clones.fetch_add(1, Ordering::SeqCst);
        Self::new(&self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}

type Value = One<Counted, 0>;

fn make(tally: &Arc<Tally>) -> Arc<OpDef> {
    let tally = Arc::clone(tally);
    OpDef::builder("make").returns::<Value>().blocking(move |_| Ok(Counted::new(&tally))).into()
}

fn take(name: &str) -> Arc<OpDef> {
    OpDef::builder(name)
        .input::<Counted>("x")
        .returns::<Plain>()
        .blocking(|mut args| args.take::<Counted>(0).map(|_| 0))
        .into()
}

fn look(name: &str) -> Arc<OpDef> {
    OpDef::builder(name)
        .input_ref::<Counted>("x")
        .returns::<Plain>()
        .blocking(|mut args| args.share::<Counted>(0).map(|_| 0))
        .into()
}

#[track_caller]
fn use_of(op: &Arc<OpDef>, value: Out<Counted>) -> Out<i64> {
    Call::of(op).input::<Counted>(value).place::<Plain>()
}

/// How often the value of `make` is cloned by what `body` does with it.
fn clones(body: impl Fn(Out<Counted>)) -> usize {
    let tally = Arc::new(Tally::default());
    let make = make(&tally);
    let job = job(|| body(Call::of(&make).place::<Value>()));
    job.runner().run_blocking().unwrap();
    assert_eq!(tally.live.load(Ordering::SeqCst), 0);
    tally.clones.load(Ordering::SeqCst)
}

#[test]
fn the_only_consumer_is_given_the_value_itself() {
    let taken = clones(|value| {
        use_of(&take("take"), value);
    });
    assert_eq!(taken, 0);
}

#[test]
fn of_several_consumers_only_the_last_is_given_the_value_itself() {
    let taken = clones(|value| {
        for _ in 0..3 {
            use_of(&take("take"), value);
        }
    });
    assert_eq!(taken, 2);
}

#[test]
fn consumers_by_reference_copy_nothing_and_leave_the_value_to_the_last() {
    let shared = clones(|value| {
        let look = look("look");
        let first = use_of(&look, value);
        let second = use_of(&look, value);
        use_of(&take("take"), value).after(first).after(second);
    });
    assert_eq!(shared, 0);
}

#[test]
fn an_attempt_that_another_may_follow_works_on_a_copy_and_the_last_on_the_value() {
    let retried = clones(|value| {
        let take = OpDef::builder("take").retry(Retry::new(2)).input::<Counted>("x").returns::<Plain>();
        let take = take.blocking(|mut args| {
            args.take::<Counted>(0)?;
            if args.context().attempt() < 3 { Err(Failure::new("again")) } else { Ok(0) }
        });
        use_of(&take.into(), value);
    });
    assert_eq!(retried, 2);
}

/// Items through three steps, and a last step if they are collected.
fn items(count: usize, tally: &Arc<Tally>, collect: bool, options: JobOptions) -> Job {
    let source = {
        let tally = Arc::clone(tally);
        OpDef::builder("source").returns::<One<Dynamic<Counted>, 2>>().blocking(move |_| {
            let tally = Arc::clone(&tally);
            Ok(Dynamic::from_values((0..count).map(move |_| Counted::new(&tally))))
        })
    };
    let source = Arc::new(source);
    let change = |name: &str| {
        let tally = Arc::clone(tally);
        let op = OpDef::builder(name).input::<Counted>("x").returns::<Value>();
        Arc::new(op.blocking(move |mut args| {
            // Old and new are alive together, as in a step that makes one table of another.
            let _old = args.take::<Counted>(0)?;
            Ok(Counted::new(&tally))
        }))
    };
    let (first, second, third) = (change("first"), change("second"), change("third"));
    let count = OpDef::builder("count").input::<Vec<Counted>>("all").returns::<Plain>();
    let count = Arc::new(count.blocking(|mut args| Ok(args.take::<Vec<Counted>>(0)?.len() as i64)));
    Job::compose(options, || {
        let changed = Call::of(&source).place::<One<Dynamic<Counted>, 2>>().map(|item| {
            let on =
                |op: &Arc<OpDef>, value: Out<Counted>| Call::of(op).input::<Counted>(value).place::<Value>();
            on(&third, on(&second, on(&first, item)))
        });
        if collect {
            Call::of(&count).input::<Vec<Counted>>(changed.collect()).place::<Plain>();
        }
    })
}

#[test]
fn large_items_on_their_way_through_three_steps_are_as_many_as_are_in_flight() {
    for slots in [1, 2] {
        let tally = Arc::new(Tally::default());
        items(64, &tally, false, JobOptions::new("job").max_concurrent(slots))
            .runner()
            .run_blocking()
            .unwrap();
        // Twice the slots are in flight; each running step has an old and a new one.
        let bound = 2 * slots + slots;
        let most = tally.most.load(Ordering::SeqCst);
        assert!(most <= bound, "{most} alive with {slots} slots");
        assert_eq!((tally.live.load(Ordering::SeqCst), tally.clones.load(Ordering::SeqCst)), (0, 0));
    }
}

#[test]
fn collected_values_are_moved_into_their_only_consumer() {
    let tally = Arc::new(Tally::default());
    items(20, &tally, true, JobOptions::new("job")).runner().run_blocking().unwrap();
    assert_eq!((tally.live.load(Ordering::SeqCst), tally.clones.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn kept_outputs_live_as_long_as_the_run() {
    let tally = Arc::new(Tally::default());
    let make = make(&tally);
    let job = job(|| Call::of(&make).place::<Value>());
    let run = job.runner().keep_outputs().run_blocking().unwrap();
    assert_eq!(tally.live.load(Ordering::SeqCst), 1);
    drop(run);
    assert_eq!(tally.live.load(Ordering::SeqCst), 0);
}

#[test]
fn values_of_a_failed_run_are_gone() {
    let tally = Arc::new(Tally::default());
    let (make, look) = (make(&tally), look("look"));
    let broken = OpDef::builder("broken").input_ref::<Counted>("x").returns::<Plain>();
    let broken = Arc::new(broken.blocking(|_| Err(Failure::new("broken"))));
    let job = job(|| {
        let value = Call::of(&make).place::<Value>();
        let broken = use_of(&broken, value);
        use_of(&look, value).after(broken);
    });
    let failed = job.runner().run_blocking().unwrap_err();
    assert_eq!(tally.live.load(Ordering::SeqCst), 0);
    drop(failed);
}

#[test]
fn a_million_small_items_are_never_more_than_64_at_once() {
    let tally = Arc::new(Tally::default());
    let source = {
        let tally = Arc::clone(&tally);
        OpDef::builder("source").returns::<One<Dynamic<Counted>, 2>>().asynchronous(move |_| {
            let tally = Arc::clone(&tally);
            async move { Ok(Dynamic::from_values((0..1_000_000).map(move |_| Counted::new(&tally)))) }
        })
    };
    let source = Arc::new(source);
    let take = OpDef::builder("take").input::<Counted>("x").returns::<Plain>();
    let take = Arc::new(take.asynchronous(|mut args| async move { args.take::<Counted>(0).map(|_| 0) }));
    let options = JobOptions::new("job").max_concurrent(2).max_in_flight(64);
    let job = Job::compose(options, || {
        Call::of(&source).place::<One<Dynamic<Counted>, 2>>().map(|item| use_of(&take, item));
    });
    let started = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&started);
    let runner = job.runner().sink(move |event: &Event| {
        if matches!(event.kind, EventKind::StepSuccess) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    runner.run_blocking().unwrap();
    let most = tally.most.load(Ordering::SeqCst);
    assert!(most <= 64, "{most}");
    assert_eq!(started.load(Ordering::SeqCst), 1_000_001);
}

/// Takes its time to be dropped: until the run has told its end.
struct Slow {
    has_ended: Arc<AtomicBool>,
    is_dropped: Arc<AtomicBool>,
}

impl Drop for Slow {
    fn drop(&mut self) {
        while !self.has_ended.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        self.is_dropped.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_run_is_over_when_what_it_let_go_of_is_dropped() {
    let (has_ended, is_dropped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let flags = (Arc::clone(&has_ended), Arc::clone(&is_dropped));
    let slow = OpDef::builder("slow").returns::<One<Slow, 0>>();
    let slow = slow
        .blocking(move |_| Ok(Slow { has_ended: Arc::clone(&flags.0), is_dropped: Arc::clone(&flags.1) }));
    // A retry may follow, so the engine keeps the value until the step is done.
    let uses = OpDef::builder("uses").retry(Retry::new(1)).input_ref::<Slow>("slow").returns::<Plain>();
    let (slow, uses) = (slow.into(), uses.blocking(|_| Ok(1)).into());
    let (begin, begins) = channel();
    let (begin, begins) = (Mutex::new(begin), Mutex::new(begins));
    let other = give("other", move || {
        begins.lock().unwrap().recv()?;
        Ok(2)
    });
    let job = Job::compose(JobOptions::new("job").max_concurrent(2), || {
        call(&other, &[]);
        Call::of(&uses).input::<Slow>(Call::of(&slow).place::<One<Slow, 0>>()).place::<Plain>();
    });
    let run = job.runner().sink(move |event: &Event| {
        let of_uses = event.step.as_ref().is_some_and(|step| step.name() == "uses");
        if of_uses && matches!(event.kind, EventKind::StepSuccess) {
            begin.lock().unwrap().send(()).unwrap();
        }
        if event.kind.ends_run() {
            has_ended.store(true, Ordering::SeqCst);
        }
    });
    run.run_blocking().unwrap();
    assert!(is_dropped.load(Ordering::SeqCst));
}
