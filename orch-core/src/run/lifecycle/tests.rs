//! Runs with resources, on tokio's clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use insta::assert_snapshot;

use super::Lifecycle;
use crate::define::{Cancel, HookDef, JobOptions, One, OpDef};
use crate::event::Event;
use crate::failure::{Failure, Result};
use crate::graph::{Call, Job};
use crate::report::story;
use crate::run::{RunError, RunErrorKind, Runner};

/// Resources of which each does what its name says.
#[derive(Default)]
struct Named {
    keys: Vec<&'static str>,
    told: Mutex<Vec<String>>,
}

impl Named {
    fn new(keys: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { keys: keys.to_vec(), told: Mutex::default() })
    }

    fn tell(&self, text: String) {
        self.told.lock().expect("nobody panics with it").push(text);
    }

    fn told(&self) -> String {
        self.told.lock().expect("nobody panics with it").join(", ")
    }
}

impl Lifecycle for Named {
    fn keys(&self) -> Vec<Arc<str>> {
        self.keys.iter().map(|&key| key.into()).collect()
    }

    fn blocks(&self, key: &str) -> bool {
        key.starts_with("blocks")
    }

    fn open<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        assert!(key != "panics at once", "boom");
        async move {
            match key {
                "fails" => return Err(Failure::new("no route to host").hint("look at the cable")),
                "panics" => panic!("boom"),
                "never" => std::future::pending().await,
                "takes six" => tokio::time::sleep(Duration::from_secs(6)).await,
                "blocks a while" => tokio::time::sleep(Duration::from_secs(7)).await,
                "blocks for long" => tokio::time::sleep(Duration::from_secs(60)).await,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            self.tell(format!("opened {key}"));
            Ok(())
        }
        .boxed()
    }

    fn close<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        async move {
            match key {
                "stays open" => return Err("it is in use".into()),
                "panics when closed" => panic!("boom"),
                "closes for ever" => std::future::pending().await,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            self.tell(format!("closed {key}"));
            Ok(())
        }
        .boxed()
    }
}

fn job() -> Job {
    let op = OpDef::builder("work").returns::<One<i64, 0>>().asynchronous(|_| async { Ok(1) }).into();
    Job::compose(JobOptions::new("job"), || {
        Call::of(&op).place::<One<i64, 0>>();
    })
}

fn runner(resources: &Arc<Named>) -> Runner {
    job().runner().keep_events().lifecycle(Arc::clone(resources) as Arc<dyn Lifecycle>)
}

/// The story of a run that failed, and its error.
fn failed(result: Result<crate::run::Run, RunError>) -> (String, RunError) {
    let error = result.expect_err("it fails");
    (story(error.run().expect("it began").events()), error)
}

#[tokio::test(start_paused = true)]
async fn resources_are_open_while_steps_run() {
    let resources = Named::new(&["db", "api"]);
    let run = runner(&resources).run().await.expect("all goes well");
    assert_snapshot!(story(run.events()), @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED api
    RESOURCE_INIT_SUCCESS api
    STEP_START work
    STEP_OUTPUT work result
    STEP_SUCCESS work
    RESOURCE_CLOSED api
    RESOURCE_CLOSED db
    RUN_SUCCESS
    ");
    assert_snapshot!(resources.told(), @"opened db, opened api, closed api, closed db");
}

#[tokio::test(start_paused = true)]
async fn an_error_at_opening_fails_the_run_and_says_which_and_why() {
    let resources = Named::new(&["db", "fails", "api"]);
    let (story, error) = failed(runner(&resources).run().await);
    assert_snapshot!(story, @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED fails
    RESOURCE_INIT_FAILURE fails: no route to host
    RESOURCE_CLOSED db
    RUN_FAILURE the resource fails could not be opened
    ");
    assert_snapshot!(error, @r"
    the run of `job` failed: the resource `fails` cannot be opened: no route to host
      hint: look at the cable
    ");
    assert_snapshot!(resources.told(), @"opened db, closed db");
    assert!(matches!(error.kind(), RunErrorKind::Resource { resource, .. } if &**resource == "fails"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_at_opening_is_an_error_with_its_place() {
    for key in ["panics", "panics at once"] {
        let (story, error) = failed(runner(&Named::new(&["db", key])).run().await);
        let failure = format!("RESOURCE_INIT_FAILURE {key}: panicked: boom");
        assert!(story.lines().any(|line| line == failure), "{story}");
        assert!(error.to_string().contains("\n  at orch-core/src/run/lifecycle/tests.rs:"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_closed_is_told_and_the_others_are_closed_all_the_same() {
    let resources = Named::new(&["db", "stays open", "panics when closed"]);
    let run = runner(&resources).run().await.expect("the steps have succeeded");
    assert_snapshot!(story(run.events()), @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED stays open
    RESOURCE_INIT_SUCCESS stays open
    RESOURCE_INIT_STARTED panics when closed
    RESOURCE_INIT_SUCCESS panics when closed
    STEP_START work
    STEP_OUTPUT work result
    STEP_SUCCESS work
    RESOURCE_CLOSE_FAILURE panics when closed: panicked: boom
    RESOURCE_CLOSE_FAILURE stays open: it is in use
    RESOURCE_CLOSED db
    RUN_SUCCESS
    ");
}

#[tokio::test(start_paused = true)]
async fn a_canceled_run_gives_up_what_it_opens_and_closes_what_is_open() {
    let resources = Named::new(&["db", "never"]);
    let (story, error) = failed(runner(&resources).cancel(cancel_in_five()).run().await);
    assert_snapshot!(story, @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED never
    RUN_CANCELING
    STEP_SKIPPED work: the run was canceled
    RESOURCE_INIT_FAILURE never: the run was canceled
    RESOURCE_CLOSED db
    RUN_CANCELED
    ");
    assert!(matches!(error.kind(), RunErrorKind::Canceled { .. }));
    assert_snapshot!(resources.told(), @"opened db, closed db");
}

/// What cancels a run after five seconds.
fn cancel_in_five() -> Cancel {
    let cancel = Cancel::new();
    let asked = cancel.clone();
    drop(tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        asked.cancel();
    }));
    cancel
}

#[tokio::test(start_paused = true)]
async fn what_opens_and_cannot_be_stopped_is_waited_for_and_closed_before_what_it_needs() {
    let resources = Named::new(&["db", "blocks a while", "api"]);
    let (story, _) = failed(runner(&resources).cancel(cancel_in_five()).run().await);
    assert_snapshot!(story, @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED blocks a while
    RUN_CANCELING
    STEP_SKIPPED work: the run was canceled
    RESOURCE_INIT_SUCCESS blocks a while
    RESOURCE_CLOSED blocks a while
    RESOURCE_CLOSED db
    RUN_CANCELED
    ");
    assert_snapshot!(resources.told(), @"opened db, opened blocks a while, closed blocks a while, closed db");
}

#[tokio::test(start_paused = true)]
async fn what_opens_longer_than_the_grace_period_is_left_alone_and_still_closed_in_order() {
    let resources = Named::new(&["db", "blocks for long", "api"]);
    let begun = tokio::time::Instant::now();
    let runner = runner(&resources).cancel(cancel_in_five()).grace(Duration::from_secs(3));
    let (story, _) = failed(runner.run().await);
    assert_eq!(begun.elapsed().as_secs(), 8);
    assert_snapshot!(story, @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED blocks for long
    RUN_CANCELING
    STEP_SKIPPED work: the run was canceled
    RESOURCE_INIT_FAILURE blocks for long: not open within the grace period of the canceled run: its code is left alone
    RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    RUN_CANCELED
    ");
    assert_snapshot!(resources.told(), @"opened db");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_snapshot!(resources.told(), @"opened db, opened blocks for long, closed blocks for long, closed db");
}

#[tokio::test(start_paused = true)]
async fn a_canceled_run_stops_opening_at_once_and_not_only_after_its_hooks() {
    let slow = HookDef::run_builder("slow").asynchronous(|_| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    });
    let resources = Named::new(&["db", "takes six", "api"]);
    let (story, _) = failed(runner(&resources).with_hook(&slow).cancel(cancel_in_five()).run().await);
    assert_snapshot!(story, @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED takes six
    RUN_CANCELING
    STEP_SKIPPED work: the run was canceled
    RESOURCE_INIT_FAILURE takes six: the run was canceled
    HOOK_COMPLETED slow
    RESOURCE_CLOSED db
    RUN_CANCELED
    ");
    assert_snapshot!(resources.told(), @"opened db, closed db");
}

#[tokio::test(start_paused = true)]
async fn a_run_canceled_while_it_closes_does_not_wait_for_ever() {
    let resources = Named::new(&["db", "closes for ever"]);
    let cancel = Cancel::new();
    let asked = cancel.clone();
    drop(tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        asked.cancel();
    }));
    let begun = tokio::time::Instant::now();
    let run = runner(&resources).cancel(cancel).grace(Duration::from_secs(3)).run().await;
    assert_eq!(begun.elapsed().as_secs(), 8);
    assert_snapshot!(story(run.expect("the steps have succeeded").events()), @r"
    RUN_START job
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED closes for ever
    RESOURCE_INIT_SUCCESS closes for ever
    STEP_START work
    STEP_OUTPUT work result
    STEP_SUCCESS work
    RESOURCE_CLOSE_FAILURE closes for ever: not closed within the grace period of the canceled run
    RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    RUN_SUCCESS
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_open_is_closed_also_if_nobody_waits_for_the_run() {
    let resources = Named::new(&["db", "never"]);
    let run = runner(&resources).run();
    assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err(), "it goes on");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_snapshot!(resources.told(), @"opened db, closed db");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_breaks_off_has_closed_what_was_open() {
    let resources = Named::new(&["db"]);
    let sink = |event: &Event| assert!(event.step.is_none(), "no step is wanted");
    let (_, error) = failed(runner(&resources).sink(sink).run().await);
    assert!(matches!(error.kind(), RunErrorKind::Broken { .. }), "{error}");
    assert_snapshot!(resources.told(), @"opened db, closed db");
}
