//! Panics outside the code of a step: in a sink, or when a value is dropped. They end the run, and nothing hangs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Dynamic, One, OpDef};
use orch_core::event::Event;
use orch_core::graph::{Call, Handle as _, Job};
use orch_core::run::{RunError, RunErrorKind, Runner};

use super::support::{Many, Notes, Plain, call, future, give, job, pass, run_of, tell};

/// The error of a run that must end, and soon.
async fn broken(runner: Runner) -> RunError {
    let run = tokio::time::timeout(Duration::from_secs(60), runner.run());
    let result = run.await.expect("the run hangs");
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Broken { .. }), "{error}");
    error
}

fn two() -> Job {
    let (first, second) = (give("first", || Ok(1)), pass("second"));
    job(|| call(&second, &[call(&first, &[])]))
}

#[tokio::test]
async fn a_sink_that_panics_ends_the_run_and_is_named() {
    let told = Notes::new();
    let before = told.clone();
    let runner = two().runner().keep_events().sink(move |event: &Event| {
        before.add(event.clone());
        assert!(event.kind.name() != "STEP_SUCCESS", "disk full");
    });
    let error = broken(runner).await;
    assert_snapshot!(
        error,
        @"the run of `job` broke off: a sink panicked when it was told STEP_SUCCESS: disk full"
    );
    // A broken sink is told nothing more, and nothing more is kept.
    assert_eq!(error.run().unwrap().events(), told.take());
    assert_snapshot!(tell(error.run().unwrap().events()), @r"
    RUN_START
    STEP_START first
    STEP_OUTPUT first
    STEP_SUCCESS first
    ");
}

#[tokio::test]
async fn a_sink_may_panic_at_any_event() {
    let events = run_of(&two().run().await).events().len();
    for at in 0..events {
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let sink = move |_: &Event| assert!(seen.fetch_add(1, Ordering::SeqCst) != at, "event {at}");
        broken(two().runner().sink(sink)).await;
    }
}

#[tokio::test]
async fn a_sink_may_panic_at_a_line_that_a_step_logs() {
    let logs = give("logs", || {
        tracing::info!("read");
        tracing::info!("nobody is told");
        Ok(1)
    });
    let sink = |event: &Event| assert!(event.kind.name() != "LOG", "disk full");
    assert_snapshot!(
        broken(job(|| call(&logs, &[])).runner().sink(sink)).await,
        @"the run of `job` broke off: a sink panicked when it was told LOG: disk full"
    );
}

#[tokio::test]
async fn the_code_under_way_is_asked_to_stop() {
    let stopped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stopped);
    let waits = future(OpDef::builder("waits"), move || {
        let guard = Flag(Arc::clone(&seen));
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            Ok(1)
        }
    });
    let work = future(OpDef::builder("work"), || async {
        tokio::task::yield_now().await;
        Ok(1)
    });
    let job = job(|| (call(&waits, &[]), call(&work, &[])));
    let sink = |event: &Event| assert!(event.kind.name() != "STEP_OUTPUT", "no");
    broken(job.runner().max_concurrent(2).sink(sink)).await;
    while !stopped.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
}

/// Says that it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a bomb was dropped");
        }
    }
}

#[tokio::test]
async fn a_value_that_panics_when_it_is_dropped_ends_the_run() {
    let bomb = OpDef::builder("bomb").returns::<One<Bomb, 0>>().blocking(|_| Ok(Bomb)).into();
    let holder = OpDef::builder("holder").input_ref::<Bomb>("bomb").input::<i64>("x").returns::<Plain>();
    let holder = holder.blocking(|mut args| args.take::<i64>(1)).into();
    let wait = future(OpDef::builder("wait"), std::future::pending);
    // One bomb goes off while the engine still holds another.
    let job = job(|| {
        let held = Call::of(&bomb).place::<One<Bomb, 0>>();
        Call::of(&holder).input::<Bomb>(held).input::<i64>(call(&wait, &[]).after(held)).place::<Plain>();
        Call::of(&bomb).place::<One<Bomb, 0>>().after(held);
    });
    assert_snapshot!(
        broken(job.runner().max_concurrent(2)).await,
        @"the run of `job` broke off: the `Drop` of a value panicked: a bomb was dropped"
    );
}

#[tokio::test]
async fn a_stream_that_panics_when_it_is_dropped_ends_the_run() {
    let items = |bomb: Bomb| (0..1).inspect(move |_| _ = &bomb);
    let op = OpDef::builder("bomb").returns::<Many>();
    let op = op.blocking(move |_| Ok(Dynamic::from_values(items(Bomb)))).into();
    let work = pass("work");
    let job = job(|| {
        Call::of(&op).place::<Many>().map(|item| call(&work, &[item]));
    });
    assert_snapshot!(
        broken(job.runner()).await,
        @"the run of `job` broke off: a worker panicked outside the code of its step, as in the `Drop` of a value"
    );
}

/// Runs a job on a runtime that is shut down once the job has begun, and waits for the end on another thread.
fn run_on_lost_runtime(job: Job, has_begun: &Receiver<()>, then: impl FnOnce()) -> RunError {
    let mut lost = tokio::runtime::Builder::new_multi_thread();
    let lost = lost.worker_threads(1).max_blocking_threads(1).enable_all().build().unwrap();
    let handle = lost.handle().clone();
    let waiting = std::thread::spawn(move || {
        let _inside = handle.enter();
        futures::executor::block_on(job.runner().run()).unwrap_err()
    });
    has_begun.recv().unwrap();
    lost.shutdown_background();
    then();
    waiting.join().unwrap()
}

#[test]
fn a_runtime_that_is_shut_down_ends_the_run_of_an_async_op() {
    let (begun, has_begun) = channel();
    let endless = future(OpDef::builder("endless"), move || {
        begun.send(()).unwrap();
        std::future::pending()
    });
    let error = run_on_lost_runtime(job(|| call(&endless, &[])), &has_begun, || {});
    assert_snapshot!(error, @"the run of `job` broke off: the runtime was shut down while steps were under way");
}

#[test]
fn a_runtime_that_is_shut_down_ends_the_run_before_a_step_that_it_should_begin() {
    let (begun, has_begun) = channel();
    let (release, released) = channel::<()>();
    let (begun, released) = (Mutex::new(begun), Mutex::new(released));
    let first = give("first", move || {
        begun.lock().unwrap().send(()).unwrap();
        released.lock().unwrap().recv().ok();
        Ok(1)
    });
    let second = OpDef::builder("second").input::<i64>("x").returns::<Plain>();
    let second = second.asynchronous(|_| async { Ok(2) }).into();
    let chain = job(|| call(&second, &[call(&first, &[])]));
    let error = run_on_lost_runtime(chain, &has_begun, || drop(release));
    assert_snapshot!(error, @"the run of `job` broke off: the runtime was shut down while steps were under way");
}
