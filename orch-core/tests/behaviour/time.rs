//! Timeouts and retries, under a clock that stands still unless everything waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Backoff, Dynamic, OpBuilder, OpDef, Retry};
use orch_core::event::Event;
use orch_core::failure::{Failure, Result};
use orch_core::graph::Call;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::support::{Many, Notes, Plain, call, future, give, job, pass, run_of, story};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// An async op that notes at which second each attempt begins.
fn attempts(
    op: OpBuilder<()>,
    outcome: impl Fn(u32) -> Result<i64> + Send + Sync + 'static,
) -> (Arc<OpDef>, Notes<u64>) {
    let (notes, outcome) = (Notes::new(), Arc::new(outcome));
    let (start, begun) = (Instant::now(), notes.clone());
    let op = op.returns::<Plain>().asynchronous(move |args| {
        begun.add(start.elapsed().as_secs());
        let (outcome, attempt) = (Arc::clone(&outcome), args.context().attempt());
        async move { outcome(attempt) }
    });
    (op.into(), notes)
}

#[tokio::test(start_paused = true)]
async fn attempts_follow_each_other_after_the_delays_of_the_policy() {
    let policies = [
        (Retry::new(3).delay(seconds(2)), vec![0, 2, 4, 6]),
        (Retry::new(3).delay(seconds(2)).backoff(Backoff::Linear), vec![0, 2, 6, 12]),
        (Retry::new(3).delay(seconds(2)).backoff(Backoff::Exponential), vec![0, 2, 8, 22]),
    ];
    for (retry, expected) in policies {
        let (flaky, begun) = attempts(OpDef::builder("flaky").retry(retry), |_| Err(Failure::new("no")));
        job(|| call(&flaky, &[])).run().await.unwrap_err();
        assert_eq!(begun.take(), expected, "{retry}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_run_counts_the_attempts() {
    let (flaky, _) = attempts(OpDef::builder("flaky").retry(Retry::new(2)), |_| Err(Failure::new("no")));
    let once = give("once", || Err(Failure::new("never")));
    let result = job(|| (call(&flaky, &[]), call(&once, &[]))).runner().run().await;
    assert_snapshot!(result.unwrap_err(), @r"
    the run of `job` failed: 2 steps
    `once`: never
    `flaky` after 3 attempts: no
    ");
}

#[tokio::test(start_paused = true)]
async fn an_op_that_asks_for_its_own_delay_gets_it() {
    let retry = Retry::new(5).delay(seconds(100));
    let (polite, begun) = attempts(OpDef::builder("polite").retry(retry), |attempt| match attempt {
        1 => Err(Failure::retry_after(seconds(7), "rate limit")),
        2 => Err(Failure::new("no luck")),
        _ => Err(Failure::new("no such table").not_retryable()),
    });
    let result = job(|| call(&polite, &[])).run().await;
    assert_eq!(begun.take(), [0, 7, 207 - 100]);
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START polite
    STEP_UP_FOR_RETRY polite in 7s: rate limit
    STEP_RESTARTED polite #2
    STEP_UP_FOR_RETRY polite #2 in 100s: no luck
    STEP_RESTARTED polite #3
    STEP_FAILURE polite #3: Error no such table
    RUN_FAILURE
    "#);
}

/// Notes that it is dropped.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn an_async_op_is_dropped_when_its_time_is_up() {
    let dropped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&dropped);
    let slow = future(OpDef::builder("slow").timeout(seconds(5)), move || {
        let guard = Guard(Arc::clone(&seen));
        async move {
            tokio::time::sleep(seconds(3600)).await;
            drop(guard);
            Ok(1)
        }
    });
    // Goes on after the timeout, so that the run is not over yet.
    let check = {
        let dropped = Arc::clone(&dropped);
        future(OpDef::builder("check"), move || {
            let dropped = Arc::clone(&dropped);
            async move {
                tokio::time::sleep(seconds(1)).await;
                Ok(i64::from(dropped.load(Ordering::SeqCst)))
            }
        })
    };
    let start = Instant::now();
    let result = job(|| {
        call(&slow, &[]);
        call(&check, &[]);
    })
    .run()
    .await;
    assert_eq!(start.elapsed().as_secs(), 6);
    assert!(dropped.load(Ordering::SeqCst));
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START slow
    STEP_FAILURE slow: Timeout timeout: no result within 5s
    STEP_START check
    STEP_OUTPUT check
    STEP_SUCCESS check
    RUN_FAILURE
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_sync_op_fails_in_time_and_its_late_result_is_ignored() {
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let (returned, has_returned) = oneshot::channel();
    let once = std::sync::Mutex::new(Some((begun, released, returned)));
    let slow = OpDef::builder("slow").timeout(seconds(5)).returns::<Plain>();
    let slow = Arc::new(slow.blocking(move |args| {
        let (begun, released, returned) = once.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        released.recv()?;
        returned.send(args.context().is_canceled()).unwrap();
        Ok(1)
    }));
    let result = {
        let job = job(|| call(&slow, &[]));
        let run = tokio::spawn(async move { job.run().await });
        has_begun.await.unwrap();
        tokio::time::advance(seconds(5)).await;
        run.await.unwrap()
    };
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START slow
    STEP_FAILURE slow: Timeout timeout: no result within 5s
    RUN_FAILURE
    "#);
    // The code is still there, and can know that nobody waits for it.
    release.send(()).unwrap();
    assert!(has_returned.await.unwrap());
}

#[test]
fn code_whose_time_is_up_before_it_has_a_thread_does_not_run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let ran = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ran);
    let late = OpDef::builder("late").timeout(seconds(5)).returns::<Plain>();
    let late = Arc::new(late.blocking(move |_| {
        seen.store(true, Ordering::SeqCst);
        Ok(1)
    }));
    let other = future(OpDef::builder("other"), || async {
        tokio::time::sleep(seconds(10)).await;
        Ok(1)
    });
    let result = runtime.block_on(async {
        let (release, released) = mpsc::channel::<()>();
        let holder = tokio::task::spawn_blocking(move || released.recv());
        let job = job(|| (call(&late, &[]), call(&other, &[])));
        let run = tokio::spawn(job.runner().keep_events().max_concurrent(2).run());
        tokio::task::yield_now().await;
        tokio::time::advance(seconds(5)).await;
        tokio::task::yield_now().await;
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        // Comes after whatever waits for the only thread, while the run goes on.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert!(!ran.load(Ordering::SeqCst));
        run.await.unwrap()
    });
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START late
    STEP_START other
    STEP_FAILURE late: Timeout timeout: no result within 5s
    STEP_OUTPUT other
    STEP_SUCCESS other
    RUN_FAILURE
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_source_is_for_each_item() {
    let source = OpDef::builder("source").timeout(seconds(5)).returns::<Many>().asynchronous(|_| async {
        let items = futures::stream::unfold(0_u64, |at| async move {
            tokio::time::sleep(seconds(3 * at)).await;
            Some(((at, at as i64), at + 1))
        });
        Ok(Dynamic::from_stream(items))
    });
    let (source, work) = (source.into(), pass("work"));
    let start = Instant::now();
    let result = job(|| {
        Call::of(&source).place::<Many>().map(|item| call(&work, &[item]));
    })
    .run()
    .await;
    // Items after 0 and 3 seconds; the one that takes 6 is too slow.
    assert_eq!(start.elapsed().as_secs(), 8);
    assert_snapshot!(story(run_of(&result)), @r#"
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
    STEP_FAILURE source: Timeout timeout: no result within 5s
    RUN_FAILURE
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_its_next_attempt_leaves_its_slot_to_others() {
    let order: Notes<&str> = Notes::new();
    let flaky = {
        let order = order.clone();
        OpDef::builder("flaky").retry(Retry::new(1).delay(seconds(10))).returns::<Plain>().asynchronous(
            move |args| {
                order.add("flaky");
                let attempt = args.context().attempt();
                async move { if attempt == 1 { Err(Failure::new("not yet")) } else { Ok(1) } }
            },
        )
    };
    let other = {
        let order = order.clone();
        give("other", move || {
            order.add("other");
            Ok(1)
        })
    };
    let flaky = flaky.into();
    job(|| {
        call(&flaky, &[]);
        call(&other, &[]);
        call(&other, &[]);
    })
    .run()
    .await
    .unwrap();
    assert_eq!(order.take(), ["flaky", "other", "other", "flaky"]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_goes_with_its_attempt_and_leaves_no_timer_behind() {
    let numbers: Arc<OpDef> = OpDef::builder("numbers")
        .returns::<Many>()
        .asynchronous(|_| async { Ok(Dynamic::from_values(0..1_000)) })
        .into();
    let add = OpDef::builder("add").timeout(seconds(3600)).input::<i64>("x").returns::<Plain>();
    let add: Arc<OpDef> = add.asynchronous(|mut args| async move { args.take::<i64>(0) }).into();
    let job = job(|| Call::of(&numbers).place::<Many>().map(|x| call(&add, &[x])));
    let (most, runtime) = (Arc::new(AtomicUsize::new(0)), tokio::runtime::Handle::current());
    let (seen, within) = (Arc::clone(&most), runtime.clone());
    let sink = move |_: &Event| {
        seen.fetch_max(within.metrics().num_alive_tasks(), Ordering::Relaxed);
    };
    job.runner().sink(sink).run().await.unwrap();
    assert!(most.load(Ordering::Relaxed) < 100, "{most:?} tasks were alive at once");
    tokio::task::yield_now().await;
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
}
