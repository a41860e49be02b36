//! Hooks are called when something is over, and hold nothing back but the end of the run.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{call, call_maybe, fallible, filter, job, sum};
use super::play::Play;
use super::resources::opens;
use crate::define::{HookDef, OpDef, Retry, RunOutcome, StepOutcome};
use crate::engine::Message;
use crate::failure::Failure;
use crate::graph::{Handle as _, Job, lit};

fn hook(name: &str, on: &[StepOutcome]) -> Arc<HookDef> {
    HookDef::builder(name).on(on.iter().copied()).blocking(|_| Ok(()))
}

fn run_hook(name: &str, on: &[RunOutcome]) -> Arc<HookDef> {
    HookDef::run_builder(name).on(on.iter().copied()).blocking(|_| Ok(()))
}

const ALL: [StepOutcome; 5] = [
    StepOutcome::Success,
    StepOutcome::Failed,
    StepOutcome::TimedOut,
    StepOutcome::Canceled,
    StepOutcome::NotExecuted,
];

/// The job with hooks for all of it.
fn hooked(job: Job, hooks: &[&Arc<HookDef>]) -> Job {
    job.with_options(|options| hooks.iter().fold(options, |options, hook| options.hook(hook)))
}

#[test]
fn a_hook_holds_no_slot_and_no_step_and_the_run_ends_after_it() {
    let (load, report) = (sum("load", 0), sum("report", 1));
    let slow = hook("slow", &[StepOutcome::Success]);
    let job = job(1, || call(&report, &[call(&load, &[]).with_hook(&slow)]));
    assert_snapshot!(Play::new(&job).story(), @r"
    0 RUN_START
    0 STEP_START load
    1 STEP_OUTPUT load
    1 STEP_SUCCESS load
    1 STEP_START report
    2 STEP_OUTPUT report
    2 STEP_SUCCESS report
    6 HOOK_COMPLETED load slow
    6 RUN_SUCCESS
    ");
}

#[test]
fn each_outcome_has_its_hooks() {
    let fails = fallible(OpDef::builder("fails"), 0, |_, _| Err("no".into()));
    let late = fallible(OpDef::builder("late").timeout(Duration::from_secs(2)), 0, |_, x| Ok(x));
    let (keep, work) = (filter("keep", |_| false), sum("work", 1));
    let job = job(9, || {
        call(&work, &[call(&fails, &[])]).named("after_fails");
        call(&late, &[]).tag("cost", 5);
        call(&work, &[call_maybe(&keep, &[lit(1)])]).named("after_keep");
    });
    let outcomes = ALL.map(|outcome| hook(outcome.name(), &[outcome]));
    let job = hooked(job, &outcomes.each_ref());
    let story = Play::new(&job).story();
    let told: Vec<_> = story.lines().filter(|line| line.contains("HOOK")).collect();
    assert_snapshot!(told.join("\n"), @r"
    2 HOOK_COMPLETED fails failed
    2 HOOK_COMPLETED after_fails not_executed
    2 HOOK_COMPLETED keep success
    3 HOOK_COMPLETED late timed_out
    ");
}

#[test]
fn only_the_last_attempt_is_told() {
    let flaky = fallible(OpDef::builder("flaky").retry(Retry::new(1)), 0, |_, _| Err(Failure::new("no")));
    let job = hooked(job(1, || call(&flaky, &[])), &[&hook("tell", &ALL)]);
    assert_snapshot!(Play::new(&job).story(), @r"
    0 RUN_START
    0 STEP_START flaky
    1 STEP_UP_FOR_RETRY flaky in 0ns: no
    1 STEP_RESTARTED flaky #2
    2 STEP_FAILURE flaky #2: no
    3 HOOK_COMPLETED flaky #2 tell
    3 RUN_FAILURE 1, first flaky
    ");
}

#[test]
fn canceling_tells_those_that_had_begun_from_those_that_had_not() {
    let flaky =
        fallible(OpDef::builder("flaky").retry(Retry::new(1).delay(Duration::from_secs(90))), 0, |_, _| {
            Err(Failure::new("no"))
        });
    let (stuck, work) = (sum("stuck", 0), sum("work", 1));
    let job = job(2, || {
        call(&flaky, &[]);
        call(&work, &[call(&stuck, &[]).tag("cost", "never")]);
    });
    let outcomes = ALL.map(|outcome| hook(outcome.name(), &[outcome]));
    let job = hooked(job, &outcomes.each_ref());
    assert_snapshot!(Play::new(&job).at(3, Message::Cancel).story(), @r"
    0 RUN_START
    0 STEP_START flaky
    0 STEP_START stuck
    1 STEP_UP_FOR_RETRY flaky in 90s: no
    3 RUN_CANCELING
    13 STEP_SKIPPED flaky: canceled
    13 STEP_FAILURE stuck: the run was canceled
    13 STEP_SKIPPED work: canceled
    14 HOOK_COMPLETED flaky canceled
    14 HOOK_COMPLETED stuck canceled
    14 HOOK_COMPLETED work not_executed
    14 RUN_CANCELED detached [stuck]
    ");
}

#[test]
fn a_hook_that_fails_is_told_and_changes_nothing() {
    let load = sum("load", 0);
    let fails = hook("fails", &[StepOutcome::Success]);
    let job = hooked(job(1, || call(&load, &[])), &[&fails]);
    assert_snapshot!(Play::new(&job).story(), @r"
    0 RUN_START
    0 STEP_START load
    1 STEP_OUTPUT load
    1 STEP_SUCCESS load
    2 HOOK_ERRORED load fails: no route
    2 RUN_SUCCESS
    ");
}

#[test]
fn a_hook_that_is_attached_several_times_is_called_once() {
    let load = sum("load", 0);
    let tell = hook("tell", &[StepOutcome::Success]);
    let job = hooked(job(1, || call(&load, &[]).with_hook(&tell).with_hook(&tell)), &[&tell, &tell]);
    let story = Play::new(&job).story();
    assert_eq!(story.matches("HOOK_COMPLETED").count(), 1, "{story}");
}

#[test]
fn hooks_of_the_run_come_after_those_of_its_steps_and_before_resources_are_closed() {
    let load = sum("load", 0);
    let slow = hook("slow", &[StepOutcome::Success]);
    let page = run_hook("page", &[RunOutcome::Success]);
    let never = run_hook("never", &[RunOutcome::Failure, RunOutcome::Canceled]);
    let job = hooked(job(1, || call(&load, &[])), &[&slow, &page, &never]);
    assert_snapshot!(Play::with_resources(&job, &[opens("db", 1, 1)]).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    1 RESOURCE_INIT_SUCCESS db
    1 STEP_START load
    2 STEP_OUTPUT load
    2 STEP_SUCCESS load
    7 HOOK_COMPLETED load slow
    8 HOOK_COMPLETED page
    9 RESOURCE_CLOSED db
    9 RUN_SUCCESS
    ");
}

#[test]
fn hooks_of_the_run_hear_of_a_resource_that_cannot_be_opened() {
    let load = sum("load", 0);
    let page = run_hook("page", &[RunOutcome::Failure]);
    let tell = hook("tell", &ALL);
    let job = hooked(job(1, || call(&load, &[])), &[&page, &tell]);
    assert_snapshot!(Play::with_resources(&job, &[opens("db", 1, 1).broken()]).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    1 RESOURCE_INIT_FAILURE db: no
    2 HOOK_COMPLETED page
    2 RUN_FAILURE for want of db
    ");
}

#[test]
fn a_canceled_run_waits_for_its_hooks_as_long_as_its_grace_period() {
    let work = sum("work", 0);
    let never = hook("never", &[StepOutcome::Success]);
    let page = run_hook("page", &[RunOutcome::Canceled]);
    let job = job(1, || call(&work, &[]).tag("cost", 3).with_hook(&never));
    let job = hooked(job, &[&page]);
    let play = Play::with_resources(&job, &[opens("db", 0, 1)]).at(2, Message::Cancel);
    assert_snapshot!(play.story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    0 RESOURCE_INIT_SUCCESS db
    0 STEP_START work
    2 RUN_CANCELING
    3 STEP_OUTPUT work
    3 STEP_SUCCESS work
    13 HOOK_ERRORED work never: the hook did not end within the grace period of the canceled run
    13 HOOK_ERRORED page: the hook was not called: those of steps did not end within the grace period
    13 RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    13 RUN_CANCELED
    ");
}

#[test]
fn canceling_after_the_steps_bounds_the_hooks_and_changes_nothing() {
    let work = sum("work", 0);
    let never = hook("never", &[StepOutcome::Success]);
    let job = hooked(job(1, || call(&work, &[])), &[&never]);
    assert_snapshot!(Play::new(&job).at(4, Message::Cancel).story(), @r"
    0 RUN_START
    0 STEP_START work
    1 STEP_OUTPUT work
    1 STEP_SUCCESS work
    14 HOOK_ERRORED work never: the hook did not end within the grace period of the canceled run
    14 RUN_SUCCESS
    ");
}
