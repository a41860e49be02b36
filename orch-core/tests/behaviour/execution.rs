//! Where code runs, and what its panics do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use futures::stream;
use insta::assert_snapshot;
use orch_core::define::{Dynamic, JobOptions, OpDef};
use orch_core::event::EventKind;
use orch_core::failure::{ErrorInfo, ErrorKind, Failure};
use orch_core::graph::{Call, Job};
use tokio::runtime::Builder;
use tokio::sync::{Barrier, oneshot};

use super::support::{Many, Notes, Plain, call, future, give, job, pass, run_of, story};

#[tokio::test]
async fn sync_ops_run_beside_the_runtimes_threads_and_async_ops_on_them() {
    let threads: Notes<(&str, ThreadId)> = Notes::new();
    let sync = {
        let threads = threads.clone();
        give("sync", move || {
            threads.add(("sync", std::thread::current().id()));
            Ok(1)
        })
    };
    let concurrent = {
        let threads = threads.clone();
        future(OpDef::builder("concurrent"), move || {
            threads.add(("async", std::thread::current().id()));
            async { Ok(1) }
        })
    };
    let job = job(|| {
        call(&sync, &[]);
        call(&concurrent, &[]);
        call(&sync, &[]);
    });
    job.runner().run().await.unwrap();
    // The test's runtime has this one thread.
    let here = std::thread::current().id();
    for (kind, thread) in threads.take() {
        assert_eq!(thread == here, kind == "async", "{kind}");
    }
}

#[tokio::test]
async fn a_sync_op_that_blocks_does_not_hold_up_async_ones() {
    let (send, receive) = channel();
    let receive = Mutex::new(receive);
    let waits = give("waits", move || receive.lock().unwrap().recv().map_err(Failure::from));
    let sends = future(OpDef::builder("sends"), move || {
        let send = send.clone();
        async move { send.send(7).map(|()| 0).map_err(|_| Failure::new("nobody waits")) }
    });
    let job = Job::compose(JobOptions::new("job").max_concurrent(2), || {
        call(&waits, &[]);
        call(&sends, &[]);
    });
    job.runner().run().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_brief_until_now_holds_up_nobody_when_it_waits() {
    let source = Arc::new(
        OpDef::builder("source")
            .returns::<Many>()
            .asynchronous(|_| async { Ok(Dynamic::from_values(0..60_i64)) }),
    );
    let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let seen = Arc::clone(&running);
    let sleepy =
        OpDef::builder("sleepy").input::<i64>("x").returns::<Plain>().asynchronous(move |mut args| {
            let (item, seen) = (args.take::<i64>(0), Arc::clone(&seen));
            async move {
                let item = item?;
                // The first ones are done at once, so that a worker comes to expect it.
                if item >= 40 {
                    let now = seen.0.fetch_add(1, Ordering::Relaxed) + 1;
                    seen.1.fetch_max(now, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    seen.0.fetch_sub(1, Ordering::Relaxed);
                }
                Ok(item)
            }
        });
    let sleepy = Arc::new(sleepy);
    let job = Job::compose(JobOptions::new("job").max_concurrent(4), || {
        Call::of(&source).place::<Many>().map(|item| Call::of(&sleepy).input::<i64>(item).place::<Plain>());
    });
    let start = tokio::time::Instant::now();
    job.runner().run().await.unwrap();
    assert_eq!(running.1.load(Ordering::Relaxed), 4);
    assert_eq!(start.elapsed().as_secs(), 20 / 4 * 60);
}

/// The error of the only failed step.
fn error_of(op: &Arc<OpDef>) -> Arc<ErrorInfo> {
    let work = pass("work");
    let job = job(|| {
        if op.outputs()[0].kind == orch_core::define::OutputKind::Dynamic {
            Call::of(op).place::<Many>().map(|item| call(&work, &[item]));
        } else {
            call(op, &[]);
        }
    });
    let result = job.run_blocking();
    let mut errors = run_of(&result).events().iter().filter_map(|event| match &event.kind {
        EventKind::StepFailure { error, .. } => Some(Arc::clone(error)),
        _ => None,
    });
    let error = errors.next().unwrap();
    assert_eq!(errors.next(), None);
    error
}

#[test]
fn a_panic_fails_the_step_with_its_message_and_place() {
    let line = line!() + 1;
    let in_sync = give("in_sync", || panic!("broken {}", "glass"));
    let in_async = future(OpDef::builder("in_async"), || async {
        tokio::task::yield_now().await;
        panic!("broken glass")
    });
    let in_body = future(OpDef::builder("in_body"), || -> std::future::Ready<Result<i64, Failure>> {
        panic!("broken glass")
    });
    let in_iterator = OpDef::builder("in_iterator").returns::<Many>();
    let in_iterator =
        in_iterator.blocking(|_| Ok(Dynamic::from_values((0..).map(|_| panic!("broken glass"))))).into();
    let in_stream = OpDef::builder("in_stream").returns::<Many>().asynchronous(|_| async {
        Ok(Dynamic::from_stream(stream::repeat_with(|| -> (i64, i64) { panic!("broken glass") })))
    });
    for op in [&in_sync, &in_async, &in_body, &in_iterator, &in_stream.into()] {
        let error = error_of(op);
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Panic, "broken glass"), "{op:?}");
        assert!(error.place.as_ref().unwrap().contains("behaviour/execution.rs:"), "{error:?}");
    }
    assert!(error_of(&in_sync).place.as_ref().unwrap().contains(&format!("execution.rs:{line}:")));
    assert_eq!(error_of(&give("odd", || std::panic::panic_any(7))).message, "a value that is not text");
}

#[test]
fn after_a_panic_other_steps_go_on() {
    let (broken, work, other) =
        (give("broken", || panic!("broken glass")), pass("work"), give("other", || Ok(1)));
    let job = job(|| {
        call(&work, &[call(&broken, &[])]);
        call(&work, &[call(&other, &[])]);
    });
    assert_snapshot!(story(run_of(&job.run_blocking())), @r#"
    RUN_START
    STEP_START broken
    STEP_FAILURE broken: Panic broken glass
    STEP_SKIPPED work: broken failed
    STEP_START other
    STEP_OUTPUT other
    STEP_SUCCESS other
    STEP_START work_2
    STEP_OUTPUT work_2
    STEP_SUCCESS work_2
    RUN_FAILURE
    "#);
}

#[tokio::test]
async fn two_runs_of_one_job_at_once_do_not_meet() {
    let meeting = Arc::new(Barrier::new(2));
    // Neither run can end before both have come here.
    let meet = future(OpDef::builder("meet"), move || {
        let meeting = Arc::clone(&meeting);
        async move {
            meeting.wait().await;
            Ok(1)
        }
    });
    let job = job(|| call(&meet, &[]));
    let (first, second) = tokio::join!(job.run(), job.run());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.id(), second.id());
    assert_eq!(story(&first), story(&second));
}

#[test]
fn a_job_runs_within_any_runtime_or_without_one() {
    let (sync, concurrent) = (pass("sync"), future(OpDef::builder("concurrent"), || async { Ok(1) }));
    let job = job(|| call(&sync, &[call(&concurrent, &[])]));
    let alone = story(&job.run_blocking().unwrap());
    let one_thread = Builder::new_current_thread().enable_all().build().unwrap();
    let spawned = job.clone();
    assert_eq!(story(&one_thread.block_on(job.run()).unwrap()), alone);
    let many_threads = Builder::new_multi_thread().enable_all().build().unwrap();
    let task = many_threads.spawn(async move { spawned.run().await.unwrap() });
    assert_eq!(story(&many_threads.block_on(task).unwrap()), alone);
}

#[test]
fn a_job_may_run_within_a_step_of_another() {
    let inner = job(|| call(&give("inner", || Ok(7)), &[]));
    let outer = give("outer", move || {
        Ok(inner.run_blocking().map_err(|error| Failure::new(error.to_string()))?.events().len() as i64)
    });
    let job = job(|| call(&outer, &[]));
    assert!(story(&job.run_blocking().unwrap()).ends_with("RUN_SUCCESS\n"));
}

#[test]
fn an_async_stream_of_a_sync_op_is_awaited_on_the_runtime() {
    let source = OpDef::builder("source").returns::<Many>().blocking(|_| {
        let items = stream::unfold(0_i64, |at| async move {
            tokio::task::yield_now().await;
            (at < 3).then_some(((at, at), at + 1))
        });
        Ok(Dynamic::from_stream(items))
    });
    let (source, work) = (source.into(), pass("work"));
    let job = job(|| {
        Call::of(&source).place::<Many>().map(|item| call(&work, &[item]));
    });
    assert_snapshot!(story(&job.run_blocking().unwrap()), @r#"
    RUN_START
    STEP_START source
    STEP_OUTPUT source [0]
    STEP_START work[0]
    STEP_OUTPUT work[0]
    STEP_SUCCESS work[0]
    STEP_OUTPUT source [1]
    STEP_START work[1]
    STEP_OUTPUT work[1]
    STEP_SUCCESS work[1]
    STEP_OUTPUT source [2]
    STEP_START work[2]
    STEP_OUTPUT work[2]
    STEP_SUCCESS work[2]
    STREAM_CLOSED source 3
    STEP_SUCCESS source
    RUN_SUCCESS
    "#);
}

#[test]
fn a_chain_of_a_hundred_thousand_skipped_steps_does_not_fill_the_stack() {
    let (broken, work) = (give("broken", || Err(Failure::new("broken"))), pass("work"));
    let steps = 100_000;
    let job = job(|| (0..steps).fold(call(&broken, &[]), |last, _| call(&work, &[last])));
    let skipped = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&skipped);
    let runner = job.runner().sink(move |event: &orch_core::event::Event| {
        if matches!(event.kind, EventKind::StepSkipped { .. }) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    runner.run_blocking().unwrap_err();
    assert_eq!(skipped.load(Ordering::Relaxed), steps);
}

#[test]
fn a_job_without_steps_succeeds() {
    let run = Job::compose(JobOptions::new("empty"), || ()).run_blocking().unwrap();
    assert_snapshot!(story(&run), @r#"
    RUN_START
    RUN_SUCCESS
    "#);
    assert_eq!(run.plan().steps.len(), 0);
}

#[test]
fn what_runs_at_once_is_never_more_than_the_slots() {
    let most = Arc::new(AtomicUsize::new(0));
    let now = Arc::new(AtomicUsize::new(0));
    let work = {
        let (most, now) = (Arc::clone(&most), Arc::clone(&now));
        OpDef::builder("work").input::<i64>("x").returns::<Plain>().blocking(move |mut args| {
            use Ordering::SeqCst;
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, SeqCst);
            args.take::<i64>(0)
        })
    };
    let (work, source) = (work.into(), OpDef::builder("source").returns::<Many>());
    let source = source.blocking(|_| Ok(Dynamic::from_values(0..200))).into();
    let job = Job::compose(JobOptions::new("job").max_concurrent(3), || {
        Call::of(&source).place::<Many>().map(|item| call(&work, &[item]));
    });
    job.runner().run_blocking().unwrap();
    let most = most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most), "{most}");
}

#[tokio::test(start_paused = true)]
async fn of_several_dynamic_outputs_the_others_are_stopped_with_the_one_that_fails() {
    let (held, dropped) = oneshot::channel::<()>();
    let (held, dropped) = (Mutex::new(Some(held)), Mutex::new(Some(dropped)));
    let source = OpDef::builder("source").returns::<(Many, Many)>().asynchronous(move |_| {
        let held = held.lock().unwrap().take();
        let endless = stream::once(async move {
            let _held = held;
            std::future::pending::<(u64, i64)>().await
        });
        let broken = Dynamic::<i64>::try_from_values([Err(Failure::new("broken"))]);
        async move { Ok((Dynamic::from_stream(endless), broken)) }
    });
    let watch = future(OpDef::builder("watch"), move || {
        let dropped = dropped.lock().unwrap().take();
        async move {
            dropped.expect("one attempt").await.expect_err("nothing is sent");
            Ok(0)
        }
    });
    let source = Arc::new(source);
    let job = Job::compose(JobOptions::new("job").max_concurrent(3), || {
        Call::of(&source).place::<(Many, Many)>();
        call(&watch, &[]);
    });
    let run = tokio::time::timeout(Duration::from_secs(60), job.run()).await;
    let result = run.expect("the stream is dropped before the run is over");
    assert_snapshot!(result.unwrap_err(), @r"
    the run of `job` failed: 1 step
    `source`: broken
    ");
}

#[test]
fn async_ops_that_compute_run_on_as_many_threads_as_there_are() {
    let (left, right) = (channel(), channel());
    // Each goes on when the other has begun, and blocks its thread until then.
    let meets = |name: &str, (mine, other): (Sender<()>, Receiver<()>)| -> Arc<OpDef> {
        let other = Mutex::new(other);
        let op = OpDef::builder(name).input::<i64>("x").returns::<Plain>();
        op.asynchronous(move |_| {
            mine.send(()).unwrap();
            let met = other.lock().unwrap().recv_timeout(Duration::from_secs(60));
            async move { met.map(|()| 1).map_err(|_| Failure::new("the other one does not begin")) }
        })
        .into()
    };
    let (left, right) = (meets("left", (left.0, right.1)), meets("right", (right.0, left.1)));
    let first = future(OpDef::builder("first"), || async { Ok(0) });
    let job = Job::compose(JobOptions::new("job").max_concurrent(2), || {
        let first = call(&first, &[]);
        (call(&left, &[first]), call(&right, &[first]))
    });
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(job.run()).unwrap();
}
