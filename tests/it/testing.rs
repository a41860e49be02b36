//! What users test with: runs in no time, with fakes, and with what is to be said of their end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use orch::define::Cancel;
use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::testing::{TestRun, assert_plan_snapshot, assert_story_snapshot};

fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

/// What a test that fails says.
#[track_caller]
fn panic_of<T>(test: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(test)) else { panic!("it was to panic") };
    panic
        .downcast::<String>()
        .map_or_else(|text| (*text.downcast::<&str>().unwrap()).to_owned(), |text| *text)
}

/// Fails on its first attempts.
struct Flaky {
    attempts: AtomicUsize,
    failing: usize,
}

impl Flaky {
    fn new(failing: usize) -> Self {
        Self { attempts: AtomicUsize::new(0), failing }
    }

    fn ask(&self) -> Result<()> {
        let attempt = self.attempts.fetch_add(1, Ordering::SeqCst);
        if attempt < self.failing { Err(Failure::new("disk full")) } else { Ok(()) }
    }
}

#[op(retry(max = 2, delay = "1h"))]
fn load(disk: Res<Flaky>) -> Result<i64> {
    disk.ask()?;
    Ok(7)
}

#[op]
fn report(loaded: i64) -> String {
    format!("{loaded} loaded")
}

#[job]
fn dex() {
    report(load());
}

#[test]
fn a_sync_op_is_tried_again_after_an_hour_at_once() {
    let run = dex().test().with(Flaky::new(2)).run();
    assert_eq!(run.assert_success().output::<report>(), "7 loaded");
    assert_eq!(run.took(), hours(2));
    assert_story_snapshot!(run, @r"
    RUN_START dex
    STEP_START load
    STEP_UP_FOR_RETRY load #1 disk full, again after 3600s
    STEP_RESTARTED load #2
    STEP_UP_FOR_RETRY load #2 disk full, again after 3600s
    STEP_RESTARTED load #3
    STEP_OUTPUT load result
    STEP_SUCCESS load #3
    STEP_START report
    STEP_INPUT report loaded
    STEP_OUTPUT report result
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
}

#[test]
fn a_run_that_fails_is_looked_at_like_any_other() {
    let run = dex().test().with(Flaky::new(9)).run();
    assert!(!run.is_success());
    let failure = run.assert_failure().failure::<load>();
    assert_eq!((failure.step.to_string().as_str(), failure.attempts), ("load", 3));
    assert_eq!(failure.error.to_string(), "disk full");
    assert_eq!(run.failures().count(), 1);
    assert_eq!(run.story_of("report"), "STEP_SKIPPED report: load failed");
    insta::assert_snapshot!(run.error().unwrap(), @r"
    the run of `dex` failed: 1 step
    `load` after 3 attempts: disk full
    ");
}

#[test]
fn what_was_expected_and_is_not_so_is_told_with_the_story() {
    let failed = || dex().test().with(Flaky::new(9)).run();
    insta::assert_snapshot!(panic_of(|| { failed().assert_success(); }), @r"
    the run was to succeed: the run of `dex` failed: 1 step
    `load` after 3 attempts: disk full

    the story of the run:
    RUN_START dex
    STEP_START load
    STEP_UP_FOR_RETRY load #1 disk full, again after 3600s
    STEP_RESTARTED load #2
    STEP_UP_FOR_RETRY load #2 disk full, again after 3600s
    STEP_RESTARTED load #3
    STEP_FAILURE load #3 disk full
    STEP_SKIPPED report: load failed
    RUN_FAILURE 1 step failed, the first is load
    ");
    insta::assert_snapshot!(panic_of(|| failed().output::<report>().clone()), @r"
    no step of `report` has outputs in this run: the job does not call it, it was not selected, it did not succeed, or outputs were not kept (`.keep_outputs()`)

    the story of the run:
    RUN_START dex
    STEP_START load
    STEP_UP_FOR_RETRY load #1 disk full, again after 3600s
    STEP_RESTARTED load #2
    STEP_UP_FOR_RETRY load #2 disk full, again after 3600s
    STEP_RESTARTED load #3
    STEP_FAILURE load #3 disk full
    STEP_SKIPPED report: load failed
    RUN_FAILURE 1 step failed, the first is load
    ");
    let fine = || dex().test().with(Flaky::new(0)).run();
    insta::assert_snapshot!(panic_of(|| { fine().assert_failure(); }), @r"
    the run was to fail: it succeeded

    the story of the run:
    RUN_START dex
    STEP_START load
    STEP_OUTPUT load result
    STEP_SUCCESS load
    STEP_START report
    STEP_INPUT report loaded
    STEP_OUTPUT report result
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(panic_of(|| fine().failure::<load>()), @r"
    no step of `load` failed

    the story of the run:
    RUN_START dex
    STEP_START load
    STEP_OUTPUT load result
    STEP_SUCCESS load
    STEP_START report
    STEP_INPUT report loaded
    STEP_OUTPUT report result
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(panic_of(|| fine().story_of("lod")), @r"
    there is no step `lod` in the plan of `dex`
      hint: did you mean `load`? its steps are: load, report
    ");
    insta::assert_snapshot!(panic_of(|| fine().story_of("lod[3]")), @r"
    there is no step `lod` in the plan of `dex`
      hint: did you mean `load`? its steps are: load, report
    ");
}

#[test]
fn a_run_that_cannot_begin_is_told_with_all_its_problems() {
    let told = panic_of(|| dex().test().run());
    let told: Vec<_> = told.lines().filter(|line| !line.contains("-->")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    the job `dex` cannot be planned
    error: the op `load` needs a resource of type `Flaky`, and there is none
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    ");
    assert!(dex().test().try_run().unwrap_err().plan_error().is_some());
    insta::assert_snapshot!(panic_of(|| dex().test().select("load++ +")), @r"
    expected the name of a step, found the end, at column 9
      load++ +
              ^
      hint: `*` and `+` stand directly beside the name that they go out from: `*load`, `load+`
    ");
    insta::assert_snapshot!(panic_of(|| Definitions::new().test_in("prod", &dex())), @"there is no environment `prod`; there are:");
}

#[op]
async fn sleepy() -> i64 {
    tokio::time::sleep(hours(24)).await;
    1
}

#[op(timeout = "1m")]
async fn late() -> i64 {
    tokio::time::sleep(hours(24)).await;
    2
}

#[job]
fn slow() {
    sleepy();
    late();
}

#[test]
fn sleep_and_timeouts_of_async_ops_take_no_time() {
    let run = slow().test().run();
    assert_eq!(*run.output::<sleepy>(), 1);
    let failure = run.failure::<late>();
    assert_eq!(failure.error.kind, orch::failure::ErrorKind::Timeout);
    assert_eq!(run.took(), hours(24) + Duration::from_secs(60));
}

#[test]
fn steps_that_run_at_once_wait_at_once() {
    let run = slow().test().max_concurrent(2).run();
    assert_eq!(run.took(), hours(24));
}

#[tokio::test(start_paused = true)]
async fn an_async_test_awaits_its_run_on_its_own_clock() {
    let start = tokio::time::Instant::now();
    let run = slow().test().run_async().await;
    assert_eq!((run.took(), start.elapsed()), (hours(24) + Duration::from_secs(60), run.took()));
    insta::assert_snapshot!(panic_of(|| slow().test().run()), @r"
    an async test cannot wait for a run, it would wait for itself
      hint: `.run_async().await`
    ");
}

/// Whether the sync op is done.
static DONE: AtomicBool = AtomicBool::new(false);

#[op]
fn busy() -> bool {
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(1));
    }
    DONE.swap(true, Ordering::SeqCst)
}

#[op(timeout = "1h")]
async fn naps_beside_busy() -> bool {
    tokio::time::sleep(Duration::from_secs(60)).await;
    DONE.load(Ordering::SeqCst)
}

#[job]
fn beside() {
    busy();
    naps_beside_busy();
}

#[test]
fn the_clock_stands_still_while_a_sync_op_runs() {
    let run = beside().test().max_concurrent(2).run();
    assert!(
        *run.assert_success().output::<naps_beside_busy>(),
        "the nap ended before the work that was under way"
    );
    assert_eq!(run.took(), Duration::from_secs(60));
}

#[op(timeout = "1h")]
async fn asks_another_thread() -> Result<i64> {
    let (answer, asked) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        answer.send(42)
    });
    asked.await.map_err(|_| Failure::new("no answer"))
}

#[job]
fn asking() {
    asks_another_thread();
}

#[test]
fn what_waits_for_the_world_outside_wants_a_clock_that_does_not_jump() {
    let run = asking().test().real_time().run();
    assert_eq!(*run.assert_success().output::<asks_another_thread>(), 42);
}

#[derive(Config)]
struct Source {
    url: String,
    #[config(default = 10)]
    rows: usize,
}

#[op]
fn extract(source: Config<Source>) -> String {
    format!("{} rows of {}", source.rows, source.url)
}

#[op(pool = "disk")]
fn store(text: &str, by: Res<&'static str>) -> String {
    format!("{text} by {}", *by)
}

#[job]
fn configured() {
    store(extract());
}

fn definitions() -> Definitions {
    let config = RunConfig::new().set("ops.extract.config.url={env: DEX_URL}");
    Definitions::new()
        .job(configured())
        .pool("disk", 1)
        .resource("the program")
        .config(config)
        .environment("staging", Environment::new().resource("staging"))
}

#[test]
fn the_program_surrounds_a_run_and_parts_of_it_are_swapped() {
    let test = || definitions().test(&configured()).env("DEX_URL", "dex.test");
    let output = |run: TestRun| run.run().assert_success().output::<store>().clone();
    assert_eq!(output(test()), "10 rows of dex.test by the program");
    assert_eq!(output(test().with("a fake")), "10 rows of dex.test by a fake");
    assert_eq!(
        output(test().config(RunConfig::new().set("ops.extract.config.rows=3"))),
        "3 rows of dex.test by the program"
    );
    assert_eq!(output(test().select("store").input("store", "text", "all".to_owned())), "all by the program");
    let staging = definitions().test_in("staging", &configured()).env("DEX_URL", "dex.test");
    assert_eq!(output(staging), "10 rows of dex.test by staging");
    assert_plan_snapshot!(test().select("extract"), @r"
    job configured
      depth_first, 1 at once
    extract() -> String
      | config Source
    ");
    assert_plan_snapshot!(configured(), @r"
    job configured
      depth_first, as many at once as processors
    extract() -> String
      | config Source
    store(text: &String <- extract) -> String
      | pool disk
      | resources &str
    ");
}

#[test]
fn a_test_sees_no_variable_of_the_process() {
    let config = RunConfig::new().set("ops.extract.config.url={env: PATH}");
    let error = definitions().test(&configured()).config(config).try_run().unwrap_err();
    insta::assert_snapshot!(error, @r"
    the job `configured` cannot be configured
    error: `ops.extract.config.url` is the environment variable `PATH`, which is not set
      --> --set ops.extract.config.url
      hint: set it where the program is started: PATH=..
    ");
}

#[test]
fn a_canceled_run_did_not_fail() {
    let cancel = Cancel::new();
    cancel.cancel();
    let run = slow().test().cancel(cancel).run();
    assert_eq!(run.failures().count(), 0);
    insta::assert_snapshot!(panic_of(|| { run.assert_failure(); }), @r"
    the run was to fail: the run of `slow` was canceled

    the story of the run:
    RUN_START slow
    RUN_CANCELING
    STEP_SKIPPED sleepy: the run was canceled
    STEP_SKIPPED late: the run was canceled
    RUN_CANCELED
    ");
}

#[test]
fn a_fake_is_shared_with_the_test_and_a_run_is_taken_up_by_another() {
    let disk = Arc::new(Flaky::new(1));
    let run = dex().test().with_shared(Arc::clone(&disk)).tag("env", "test").run();
    assert_eq!((disk.attempts.load(Ordering::SeqCst), run.took()), (2, hours(1)));
    let again = dex().test().select("report").upstream(&run).run();
    assert_eq!(again.assert_success().output::<report>(), "7 loaded");
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset]
fn total(sold: &Partitions<i64>) -> i64 {
    sold.values().sum()
}

#[test]
fn an_asset_with_partitions_is_called_with_a_key_and_run_for_those_that_are_named() {
    assert_eq!(sold(&Partition::of("2024-01-31").unwrap()), 31);
    assert_eq!(total(&Partitions::from_iter([("2024-01-01", 1), ("2024-01-31", 31)])), 32);
    insta::assert_snapshot!(Partition::<Daily>::of("2023-12-31").unwrap_err(), @r"
    `2023-12-31` is before the first of these partitions
      hint: the first is `2024-01-01`
    ");

    let definitions = Definitions::new().assets(assets![sold, total]);
    let job = definitions.materialize(&"sold".parse().unwrap());
    let run = definitions.test(&job).partition("2024-01-30..2024-01-31").run();
    assert!(run.assert_success().outputs::<sold>().map(|(_, sold)| *sold).eq([30, 31]));
    let told = definitions.test(&job).partition("2024-01-32").try_run().unwrap_err().to_string();
    let told: Vec<_> = told.lines().filter(|line| !line.contains("-->")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `sold`: `2024-01-32` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
}
