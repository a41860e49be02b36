//! Hooks are called when a step or a run is over, know what became of it, and change nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{
    Cancel, Dynamic, HookContext, HookDef, JobOptions, OpDef, Optional, Retry, RunHookContext, RunOutcome,
    StepOutcome,
};
use orch_core::failure::{Failure, Result};
use orch_core::graph::{Call, Handle as _, Job, enter_hooked_graph};
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::plan::ProblemKind;
use orch_core::run::{Definitions, Run, Runner};

use super::problems::problems;
use super::support::{Many, Maybe, Notes, Plain, call, future, give, job, pass, run_of, story};

const ALL: [StepOutcome; 5] = [
    StepOutcome::Success,
    StepOutcome::Failed,
    StepOutcome::TimedOut,
    StepOutcome::Canceled,
    StepOutcome::NotExecuted,
];

/// A hook that writes down the step and what became of it.
fn note(notes: &Notes<String>) -> Arc<HookDef> {
    let notes = notes.clone();
    HookDef::builder("note").on(ALL).blocking(move |context: HookContext| {
        let error = context.error().map_or_else(String::new, |error| format!(": {}", error.message));
        let attempt = context.attempt();
        notes.add(format!("{} #{attempt} {}{error}", context.step(), context.outcome().name()));
        Ok(())
    })
}

fn sorted(notes: &Notes<String>) -> String {
    let mut notes = notes.take();
    notes.sort();
    notes.join("\n")
}

fn hooked(job: Job, hook: &Arc<HookDef>) -> Job {
    job.with_options(|options| options.hook(hook))
}

#[test]
fn each_step_is_told_once_with_what_it_came_to() {
    let notes = Notes::new();
    let flaky = OpDef::builder("flaky").retry(Retry::new(1)).returns::<Plain>();
    let flaky = flaky.blocking(|_| Err(Failure::new("disk full"))).into();
    let (fine, then) = (give("fine", || Ok(1)), pass("then"));
    let absent = OpDef::builder("absent").returns::<Maybe>().blocking(|_| Ok(Optional::none())).into();
    let job = job(|| {
        call(&fine, &[]);
        call(&then, &[call(&flaky, &[])]);
        call(&then, &[Call::of(&absent).place::<Maybe>()]).named("without");
    });
    let result = hooked(job, &note(&notes)).run_blocking();
    assert!(result.is_err());
    assert_snapshot!(sorted(&notes), @r"
    absent #1 success
    fine #1 success
    flaky #2 failed: disk full
    then #0 not_executed: disk full
    ");
}

#[test]
fn a_mapped_step_is_told_for_each_item() {
    let notes = Notes::new();
    let pages = OpDef::builder("pages").returns::<Many>().blocking(|_| Ok(Dynamic::from_values(0..3))).into();
    let load = pass("load");
    let hook = note(&notes);
    let job = job(|| {
        let pages = Call::of(&pages).place::<Many>();
        pages.map(|page| call(&load, &[page]).with_hook(&hook));
    });
    job.run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @r"
    load[0] #1 success
    load[1] #1 success
    load[2] #1 success
    ");
}

/// `extract` → for each of its three items `load`, with this hook if there is one → `sum`.
fn pages(hook: Option<&Arc<HookDef>>) -> Job {
    let extract =
        OpDef::builder("extract").returns::<Many>().blocking(|_| Ok(Dynamic::from_values(0..3))).into();
    let sum = OpDef::builder("sum").input::<Vec<i64>>("xs").returns::<Plain>();
    let sum = sum.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.iter().sum())).into();
    let load = pass("load");
    job(|| {
        let loaded = Call::of(&extract).place::<Many>().map(|page| {
            let loaded = call(&load, &[page]);
            hook.map_or(loaded, |hook| loaded.with_hook(hook))
        });
        Call::of(&sum).input::<Vec<i64>>(loaded.collect()).place::<Plain>();
    })
}

fn part(runner: Runner, selection: &str, whole: &Run) -> Runner {
    runner.select(selection.parse().unwrap()).upstream(whole)
}

#[test]
fn hooks_hear_of_no_step_that_does_not_run_wherever_they_are_attached() {
    let notes = Notes::new();
    let (hook, job) = (note(&notes), pages(None));
    let whole = job.run_blocking().unwrap();
    part(hooked(job.clone(), &hook).runner(), "sum", &whole).run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @"sum #1 success");
    part(job.runner().with_hook(&hook), "sum", &whole).run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @"sum #1 success");
    let definitions = Definitions::new().job(job.clone()).with_hook(&hook);
    part(definitions.runner(&job), "sum", &whole).run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @"sum #1 success");
}

#[test]
fn of_the_items_of_a_step_hooks_hear_of_those_that_run() {
    let notes = Notes::new();
    let hook = note(&notes);
    let job = pages(Some(&hook));
    let whole = job.run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @r"
    load[0] #1 success
    load[1] #1 success
    load[2] #1 success
    ");
    part(job.runner(), "load[1]*", &whole).run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @"load[1] #1 success");
    part(job.runner().with_hook(&hook), "load[1]*", &whole).run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @r"
    load[1] #1 success
    sum #1 success
    ");
}

#[test]
fn a_hook_of_several_levels_is_called_once_and_the_plan_shows_where_it_is_attached() {
    let notes = Notes::new();
    let (hook, page) = (note(&notes), HookDef::run_builder("page_me").blocking(|_| Ok(())));
    let load = give("load", || Ok(1));
    let job = Job::compose(JobOptions::new("pages").hook(&page), || {
        enter_hooked_graph("clean", &[&hook], || call(&load, &[]).with_hook(&hook));
        call(&load, &[]);
    });
    assert_snapshot!(job.plan(), @r"
    job pages
      depth_first, as many at once as processors, hooks page_me
    clean.load() -> i64
      | hooks note
    load() -> i64
    ");
    let json = serde_json::to_value(job.plan()).unwrap();
    assert_eq!((&json["hooks"][0], &json["steps"][0]["hooks"][0]), (&"page_me".into(), &"note".into()));
    let definitions = Definitions::new().job(job.clone()).with_hook(&hook).with_hook(&page);
    let runner = definitions.runner(&job);
    assert_eq!(runner.plan().unwrap().hooks, ["page_me", "note"]);
    runner.run_blocking().unwrap();
    assert_snapshot!(sorted(&notes), @r"
    clean.load #1 success
    load #1 success
    ");
}

#[test]
fn a_hook_that_fails_or_panics_is_told_and_the_run_succeeds() {
    let fails = HookDef::builder("fails").asynchronous(|_| async { Err(Failure::new("no route")) });
    let panics = HookDef::builder("panics").blocking(|_| panic!("boom"));
    let load = give("load", || Ok(1));
    let first = job(|| call(&load, &[]).with_hook(&fails));
    assert_snapshot!(story(&first.run_blocking().unwrap()), @r"
    RUN_START
    STEP_START load
    STEP_OUTPUT load
    STEP_SUCCESS load
    HOOK_ERRORED load fails: Error no route
    RUN_SUCCESS
    ");
    let second = job(|| call(&load, &[]).with_hook(&panics));
    let run = second.run_blocking().unwrap();
    assert_snapshot!(story(&run), @r"
    RUN_START
    STEP_START load
    STEP_OUTPUT load
    STEP_SUCCESS load
    HOOK_ERRORED load panics: Panic boom
    RUN_SUCCESS
    ");
    let json = serde_json::to_value(&run.events()[4]).unwrap();
    assert!(json["error"]["place"].as_str().unwrap().contains("behaviour/hooks.rs"), "{json}");
}

#[test]
fn what_a_hook_logs_is_logged_by_its_step() {
    let tell = HookDef::builder("tell").asynchronous(|context: HookContext| async move {
        tracing::info!(op = context.op(), "told");
        Ok(())
    });
    let shout = HookDef::builder("shout").blocking(|_| {
        tracing::warn!("shouted");
        Ok(())
    });
    let load = give("load", || Ok(1));
    let then = pass("then");
    let job = job(|| call(&then, &[call(&load, &[]).with_hook(&tell)]).with_hook(&shout));
    let story = story(&job.run_blocking().unwrap());
    let mut logs: Vec<_> = story.lines().filter(|line| line.starts_with("LOG")).collect();
    // A hook holds up no step, so either may be heard first.
    logs.sort_unstable();
    assert_snapshot!(logs.join("\n"), @r#"
    LOG load Info told {"op": "load"}
    LOG then Warn shouted {}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_slow_hook_holds_neither_a_slot_nor_the_steps_behind_its_own() {
    let slow = HookDef::builder("slow").asynchronous(|_| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(())
    });
    let load = future(OpDef::builder("load"), || async { Ok(1) });
    let job = job(|| {
        call(&load, &[]).with_hook(&slow);
        call(&load, &[]).with_hook(&slow);
    });
    let begun = tokio::time::Instant::now();
    let run = job.run().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60, "both at once");
    assert_snapshot!(story(&run), @r"
    RUN_START
    STEP_START load
    STEP_OUTPUT load
    STEP_SUCCESS load
    STEP_START load_2
    STEP_OUTPUT load_2
    STEP_SUCCESS load_2
    HOOK_COMPLETED load slow
    HOOK_COMPLETED load_2 slow
    RUN_SUCCESS
    ");
}

#[tokio::test(start_paused = true)]
async fn a_canceled_run_lets_hooks_end_within_its_grace_period() {
    let notes = Notes::new();
    let quick = note(&notes);
    let never = HookDef::builder("never").on(ALL).asynchronous(|_| std::future::pending());
    let told = notes.clone();
    let page = HookDef::run_builder("page_me").asynchronous(move |context: RunHookContext| {
        told.add(format!("run {}", context.outcome().name()));
        async { Ok(()) }
    });
    let stuck = future(OpDef::builder("stuck"), std::future::pending);
    let then = pass("then");
    let job = job(|| call(&then, &[call(&stuck, &[]).with_hook(&never)]));
    let job = hooked(hooked(job, &quick), &page);
    let cancel = Cancel::new();
    let asked = cancel.clone();
    drop(tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        asked.cancel();
    }));
    let begun = tokio::time::Instant::now();
    let runner = job.runner().keep_events().cancel(cancel).grace(Duration::from_secs(3));
    let result = runner.run().await;
    assert_eq!(begun.elapsed().as_secs(), 8);
    let mut lines: Vec<_> = story(run_of(&result)).lines().map(str::to_owned).collect();
    lines.sort();
    assert_snapshot!(lines.join("\n"), @r"
    HOOK_COMPLETED stuck note
    HOOK_COMPLETED then note
    HOOK_ERRORED page_me: Canceled the hook was not called: those of steps did not end within the grace period
    HOOK_ERRORED stuck never: Canceled the hook did not end within the grace period of the canceled run
    RUN_CANCELED []
    RUN_CANCELING
    RUN_START
    STEP_FAILURE stuck: Canceled the run was canceled
    STEP_SKIPPED then: canceled
    STEP_START stuck
    ");
    assert_snapshot!(sorted(&notes), @r"
    stuck #1 canceled: the run was canceled
    then #0 not_executed
    ");
}

/// Stores nothing, and says how much it would have been.
struct Counted;

impl IoManager<i64> for Counted {
    fn store(&self, _: &OutputAt<'_>, value: &i64) -> Result<Metadata> {
        Ok(Metadata::from([("rows".to_owned(), (*value).into())]))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Err("nothing is stored".into())
    }
}

#[test]
fn a_success_hook_knows_what_is_said_of_the_outputs() {
    let notes = Notes::new();
    let told = notes.clone();
    let tell = HookDef::builder("tell").blocking(move |context: HookContext| {
        let outputs: BTreeMap<_, _> = context.outputs().clone();
        told.add(format!("{} of {}: {outputs:?}", context.step(), context.job()));
        Ok(())
    });
    let load = OpDef::builder("load").io("counted").returns::<Plain>().blocking(|_| Ok(8)).into();
    let job = hooked(job(|| call(&load, &[])), &tell);
    job.runner().io::<i64>("counted", Counted).run_blocking().unwrap();
    assert_snapshot!(notes.take().join("\n"), @r#"load of job: {"result": {"rows": Number(8)}}"#);
}

#[test]
fn hooks_of_a_run_know_its_first_failures() {
    let notes = Notes::new();
    let told = notes.clone();
    let page =
        HookDef::run_builder("page_me").on([RunOutcome::Failure]).blocking(move |context: RunHookContext| {
            let first = context.first_failed().map(|(step, error)| format!("{step}: {}", error.message));
            let first: Vec<_> = first.collect();
            told.add(format!("{} {} failed: {}", context.job(), context.failed(), first.join(", ")));
            Ok(())
        });
    let (a, b) = (give("a", || Err("no".into())), give("b", || Err("no".into())));
    let failing = hooked(
        job(|| {
            call(&a, &[]);
            call(&b, &[]);
        }),
        &page,
    );
    assert!(failing.run_blocking().is_err());
    assert_snapshot!(notes.take().join("\n"), @"job 2 failed: a: no, b: no");
    let fine = give("fine", || Ok(1));
    hooked(job(|| call(&fine, &[])), &page).run_blocking().unwrap();
    assert!(notes.take().is_empty(), "it is called for failures alone");
}

#[test]
fn what_is_wrong_with_hooks_made_by_hand_is_told_with_their_places() {
    let of_runs = HookDef::run_builder("page_me").blocking(|_| Ok(()));
    let for_nothing = HookDef::builder("tell").on([]).blocking(|_| Ok(()));
    let load = give("load", || Ok(1));
    let job = hooked(job(|| call(&load, &[]).with_hook(&of_runs).with_hook(&for_nothing)), &for_nothing);
    let (kinds, told) = problems(&job);
    assert_eq!(kinds, [ProblemKind::InvalidHook; 2]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 2 problems
    error: the hook `tell` is called for nothing
      --> orch-core/tests/behaviour/hooks.rs:_ (the hook)
      hint: name an outcome, `.on([StepOutcome::Failed])`, or leave `.on(..)` out
    error: `page_me` is a hook of runs, and is attached to the step `load`
      --> orch-core/tests/behaviour/hooks.rs:_ (the step)
      --> orch-core/tests/behaviour/hooks.rs:_ (the hook)
      hint: attach it to the job, `JobOptions::new(..).hook(..)`, or to the run, `job.runner().with_hook(..)`
    ");
    let fine = super::support::job(|| call(&load, &[]));
    assert_eq!(fine.runner().with_hook(&for_nothing).plan().unwrap_err().problems().len(), 1);
}

#[test]
fn a_context_for_a_test_has_whatever_the_test_gives_it() {
    use orch_core::failure::{ErrorInfo, ErrorKind};
    let context = HookContext::for_test("clean.load[7]", StepOutcome::TimedOut)
        .with_error(ErrorInfo::new(ErrorKind::Timeout, "too late"))
        .with_attempt(3)
        .with_tag("team", "data")
        .with_metadata("result", "rows", 8);
    assert_eq!((context.job(), context.op(), context.attempt()), ("test", "load", 3));
    assert_eq!(context.step().to_string(), "clean.load[7]");
    assert_eq!(context.error().unwrap().message, "too late");
    assert_eq!(context.tags()["team"], "data");
    assert_eq!(context.outputs()["result"]["rows"], 8);
    let context = RunHookContext::for_test(RunOutcome::Failure)
        .with_failed("load[7]", ErrorInfo::new(ErrorKind::Error, "no page"))
        .with_unopened("db", ErrorInfo::new(ErrorKind::Error, "no route"))
        .with_tag("team", "data");
    assert_eq!((context.failed(), context.outcome()), (1, RunOutcome::Failure));
    assert_eq!(context.first_failed().next().unwrap().1.message, "no page");
    assert_eq!(context.unopened().unwrap().0, "db");
}
