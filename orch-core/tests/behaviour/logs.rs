//! What a step's code logs through `tracing` becomes events of that step.

use insta::assert_snapshot;
use orch_core::define::{Dynamic, JobOptions, OpDef};
use orch_core::event::EventKind;
use orch_core::graph::{Call, Job};

use super::support::{Many, Notes, call, future, give, job, pass, run_of, story};

#[test]
fn lines_of_sync_and_async_code_become_events_of_their_step() {
    let sync = give("sync", || {
        tracing::info!(rows = 3, "read");
        tracing::warn!("odd row");
        Ok(1)
    });
    let concurrent = future(OpDef::builder("concurrent"), || async {
        tracing::debug!(table = "pages", "before");
        tokio::task::yield_now().await;
        tracing::error!("after");
        Ok(1)
    });
    let source = OpDef::builder("source").returns::<Many>().blocking(|_| {
        tracing::trace!("opened");
        Ok(Dynamic::from_values((0..2).inspect(|at| tracing::info!(at, "pulled"))))
    });
    let source = source.into();
    let job = job(|| {
        call(&sync, &[]);
        call(&concurrent, &[]);
        Call::of(&source).place::<Many>();
    });
    assert_snapshot!(story(&job.run_blocking().unwrap()), @r#"
    RUN_START
    STEP_START sync
    LOG sync Info read {"rows": "3"}
    LOG sync Warn odd row {}
    STEP_OUTPUT sync
    STEP_SUCCESS sync
    STEP_START concurrent
    LOG concurrent Debug before {"table": "pages"}
    LOG concurrent Error after {}
    STEP_OUTPUT concurrent
    STEP_SUCCESS concurrent
    STEP_START source
    LOG source Trace opened {}
    LOG source Info pulled {"at": "0"}
    STEP_OUTPUT source [0]
    LOG source Info pulled {"at": "1"}
    STEP_OUTPUT source [1]
    STREAM_CLOSED source 2
    STEP_SUCCESS source
    RUN_SUCCESS
    "#);
}

#[test]
fn lines_carry_their_target_and_the_number_of_the_attempt() {
    let flaky =
        OpDef::builder("flaky").retry(orch_core::define::Retry::new(1)).returns::<super::support::Plain>();
    let flaky = flaky.blocking(|args| {
        tracing::info!(target: "mine", "trying");
        if args.context().attempt() == 1 { Err("no".into()) } else { Ok(1) }
    });
    let flaky = flaky.into();
    let run = job(|| call(&flaky, &[])).run_blocking().unwrap();
    let lines: Vec<_> = run
        .events()
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Log { target, .. } => Some((event.attempt, target.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [(1, "mine".to_owned()), (2, "mine".to_owned())]);
}

#[test]
fn of_steps_that_run_at_once_each_has_its_own_lines() {
    let source =
        OpDef::builder("source").returns::<Many>().blocking(|_| Ok(Dynamic::from_values(0..50))).into();
    let work = OpDef::builder("work").input::<i64>("x").returns::<super::support::Plain>();
    let work = work.asynchronous(|mut args| async move {
        let x = args.take::<i64>(0)?;
        for _ in 0..3 {
            tokio::task::yield_now().await;
            tracing::info!("{x}");
        }
        Ok(x)
    });
    let work = work.into();
    let job = Job::compose(JobOptions::new("job").max_concurrent(8), || {
        Call::of(&source).place::<Many>().map(|item| call(&work, &[item]));
    });
    let result = job.run_blocking();
    let mut lines = 0;
    for event in run_of(&result).events() {
        if let EventKind::Log { message, .. } = &event.kind {
            assert_eq!(event.step.as_ref().unwrap().to_string(), format!("work[{message}]"));
            lines += 1;
        }
    }
    assert_eq!(lines, 150);
}

#[test]
fn lines_from_outside_steps_are_no_events() {
    let work = pass("work");
    let give = give("give", || Ok(1));
    let job = job(|| call(&work, &[call(&give, &[])]));
    let runner = job.runner().keep_events().sink(|_: &orch_core::event::Event| tracing::info!("from a sink"));
    assert!(!story(&runner.run_blocking().unwrap()).contains("LOG"));
}

/// Counts lines, for a subscriber of one thread.
struct Lines(Notes<String>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.add(event.metadata().level().to_string());
    }
}

#[test]
fn a_subscriber_of_the_present_thread_goes_with_the_workers() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let lines = Notes::new();
    let subscriber = tracing_subscriber::registry().with(Lines(lines.clone()));
    let op = give("op", || {
        tracing::warn!("from the op");
        Ok(1)
    });
    tracing::subscriber::with_default(subscriber, || job(|| call(&op, &[])).run_blocking()).unwrap();
    assert_eq!(lines.take(), ["WARN"]);
}
