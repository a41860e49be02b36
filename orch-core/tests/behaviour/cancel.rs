//! Canceling a run from outside.

use std::sync::mpsc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Cancel, Dynamic, HookDef, JobOptions, OpDef};
use orch_core::event::{Event, EventKind};
use orch_core::graph::{Call, Job};
use orch_core::run::RunErrorKind;
use tokio::sync::oneshot;

use super::support::{Many, Plain, call, future, give, job, pass, run_of, story};

#[tokio::test(start_paused = true)]
async fn an_async_op_is_stopped_at_its_next_await() {
    let cancel = Cancel::new();
    let asks = {
        let cancel = cancel.clone();
        future(OpDef::builder("asks"), move || {
            let cancel = cancel.clone();
            async move {
                cancel.cancel();
                std::future::pending().await
            }
        })
    };
    let work = pass("work");
    let job = job(|| call(&work, &[call(&asks, &[])]));
    let result = job.runner().keep_events().cancel(cancel).run().await;
    assert!(matches!(result.as_ref().unwrap_err().kind(), RunErrorKind::Canceled { .. }));
    assert_eq!(result.as_ref().unwrap_err().to_string(), "the run of `job` was canceled");
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START asks
    RUN_CANCELING
    STEP_FAILURE asks: Canceled the run was canceled
    STEP_SKIPPED work: canceled
    RUN_CANCELED []
    "#);
}

#[tokio::test]
async fn a_sync_op_that_looks_may_end_by_itself() {
    let cancel = Cancel::new();
    let looks = {
        let cancel = cancel.clone();
        OpDef::builder("looks").returns::<Plain>().blocking(move |args| {
            cancel.cancel();
            while !args.context().is_canceled() {
                std::thread::yield_now();
            }
            Ok(1)
        })
    };
    let looks = looks.into();
    let result = job(|| call(&looks, &[])).runner().keep_events().cancel(cancel).run().await;
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START looks
    RUN_CANCELING
    STEP_OUTPUT looks
    STEP_SUCCESS looks
    RUN_CANCELED []
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_sync_op_that_does_not_look_is_left_alone_after_the_grace_period() {
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, released)));
    let stuck = give("stuck", move || {
        let (begun, released) = once.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        released.recv()?;
        Ok(1)
    });
    let cancel = Cancel::new();
    let runner =
        job(|| call(&stuck, &[])).runner().keep_events().cancel(cancel.clone()).grace(Duration::from_secs(3));
    let run = tokio::spawn(runner.run());
    has_begun.await.unwrap();
    cancel.cancel();
    // The clock stands while code blocks a thread, so it is put forward by hand, once the run waits for it.
    while !run.is_finished() {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_snapshot!(story(run_of(&run.await.unwrap())), @r#"
    RUN_START
    STEP_START stuck
    RUN_CANCELING
    STEP_FAILURE stuck: Canceled the run was canceled
    RUN_CANCELED [stuck]
    "#);
    release.send(()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_insists_waits_neither_for_steps_nor_for_what_comes_after_them() {
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, released)));
    let stuck = give("stuck", move || {
        let (begun, released) = once.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        released.recv()?;
        Ok(1)
    });
    let slow = HookDef::run_builder("slow").asynchronous(|_| std::future::pending());
    let cancel = Cancel::new();
    let runner = Job::compose(JobOptions::new("job").hook(&slow), || call(&stuck, &[])).runner();
    let run = tokio::spawn(runner.keep_events().cancel(cancel.clone()).grace(Duration::MAX).run());
    has_begun.await.unwrap();
    cancel.cancel();
    cancel.insist();
    // Its clock stands, and nothing is waited for.
    assert_snapshot!(story(run_of(&run.await.unwrap())), @"
    RUN_START
    STEP_START stuck
    RUN_CANCELING
    STEP_FAILURE stuck: Canceled the run was canceled
    HOOK_ERRORED slow: Canceled the hook did not end within the grace period of the canceled run
    RUN_CANCELED [stuck]
    ");
    release.send(()).unwrap();
}

#[test]
fn a_run_canceled_before_it_begins_starts_nothing() {
    let cancel = Cancel::new();
    cancel.cancel();
    let (first, second) = (give("first", || panic!("started")), pass("second"));
    let source = OpDef::builder("source").returns::<Many>().blocking(|_| panic!("started")).into();
    let job = job(|| {
        call(&second, &[call(&first, &[])]);
        Call::of(&source).place::<Many>().map(|item| call(&second, &[item]));
    });
    let result = job.runner().keep_events().cancel(cancel).run_blocking();
    assert!(matches!(result.as_ref().unwrap_err().kind(), RunErrorKind::Canceled { .. }));
    assert_snapshot!(story(run_of(&result)), @r"
    RUN_START
    RUN_CANCELING
    STEP_SKIPPED first: canceled
    STEP_SKIPPED source: canceled
    STEP_SKIPPED second: canceled
    RUN_CANCELED []
    ");
}

#[tokio::test]
async fn canceling_a_run_that_is_over_does_nothing() {
    let cancel = Cancel::new();
    let give = give("give", || Ok(1));
    let result = job(|| call(&give, &[])).runner().keep_events().cancel(cancel.clone()).run().await;
    cancel.cancel();
    assert!(story(&result.unwrap()).ends_with("RUN_SUCCESS\n"));
}

#[tokio::test]
async fn an_endless_source_is_stopped() {
    let cancel = Cancel::new();
    let source =
        OpDef::builder("source").returns::<Many>().blocking(|_| Ok(Dynamic::from_values(0..))).into();
    let work = {
        let cancel = cancel.clone();
        OpDef::builder("work").input::<i64>("x").returns::<Plain>().blocking(move |mut args| {
            let x = args.take::<i64>(0)?;
            if x == 500 {
                cancel.cancel();
            }
            Ok(x)
        })
    };
    let work = work.into();
    let job = job(|| {
        Call::of(&source).place::<Many>().map(|item| call(&work, &[item]));
    });
    let result = job.runner().keep_events().cancel(cancel).run().await;
    assert!(story(run_of(&result)).contains("STEP_FAILURE source: Canceled the run was canceled"));
}

/// Tells that it is dropped.
struct Guard(Option<oneshot::Sender<()>>);

impl Drop for Guard {
    fn drop(&mut self) {
        let told = self.0.take().map(|gone| gone.send(()));
        assert_ne!(told, Some(Err(())), "the test waits for it");
    }
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_any_more_is_canceled() {
    let (begun, has_begun) = oneshot::channel();
    let (gone, is_gone) = oneshot::channel();
    let once = std::sync::Mutex::new(Some((begun, Guard(Some(gone)))));
    let waits = future(OpDef::builder("waits"), move || {
        let (begun, guard) = once.lock().unwrap().take().unwrap();
        async move {
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(guard);
            Ok(1)
        }
    });
    let run = tokio::spawn(job(|| call(&waits, &[])).runner().run());
    has_begun.await.unwrap();
    run.abort();
    is_gone.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_grace_without_end_is_no_overflow() {
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, released)));
    let slow = give("slow", move || {
        let (begun, released) = once.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        released.recv()?;
        Ok(1)
    });
    let cancel = Cancel::new();
    // It returns only when the run is being canceled, so that there is a grace to wait for.
    let sink = move |event: &Event| {
        if event.kind == EventKind::RunCanceling {
            release.send(()).unwrap();
        }
    };
    let job = job(|| call(&slow, &[]));
    let runner = job.runner().keep_events().sink(sink).cancel(cancel.clone()).grace(Duration::MAX);
    let run = tokio::spawn(runner.run());
    has_begun.await.unwrap();
    cancel.cancel();
    assert_snapshot!(story(run_of(&run.await.unwrap())), @r#"
    RUN_START
    STEP_START slow
    RUN_CANCELING
    STEP_OUTPUT slow
    STEP_SUCCESS slow
    RUN_CANCELED []
    "#);
}
