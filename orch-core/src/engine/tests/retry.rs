//! Failed attempts and what follows them; timeouts, and reports that come too late.

use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{Many, call, call_many, fallible, job, source, sum};
use super::play::Play;
use crate::define::{Backoff, Dynamic, JobOptions, OpDef, Retry};
use crate::failure::Failure;
use crate::graph::{Handle as _, Job};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn a_step_is_tried_again_until_it_succeeds_and_its_input_is_still_there() {
    let retry = Retry::new(3).delay(seconds(2)).backoff(Backoff::Linear);
    let flaky = fallible(OpDef::builder("flaky").retry(retry), 1, |attempt, x| {
        if attempt < 3 { Err(Failure::new(format!("attempt {attempt} of {x}"))) } else { Ok(x) }
    });
    let (one, next) = (sum("one", 0), sum("next", 1));
    let job = job(1, || call(&next, &[call(&flaky, &[call(&one, &[])])]));
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START one
    1 STEP_OUTPUT one
    1 STEP_SUCCESS one
    1 STEP_START flaky
    2 STEP_UP_FOR_RETRY flaky in 2s: attempt 1 of 0
    4 STEP_RESTARTED flaky #2
    5 STEP_UP_FOR_RETRY flaky #2 in 4s: attempt 2 of 0
    9 STEP_RESTARTED flaky #3
    10 STEP_OUTPUT flaky #3
    10 STEP_SUCCESS flaky #3
    10 STEP_START next
    11 STEP_OUTPUT next
    11 STEP_SUCCESS next
    11 RUN_SUCCESS
    "#);
}

#[test]
fn the_last_attempt_fails_the_step() {
    let flaky = fallible(OpDef::builder("flaky").retry(Retry::new(1)), 0, |_, _| Err("no".into()));
    let job = job(1, || call(&flaky, &[]));
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START flaky
    1 STEP_UP_FOR_RETRY flaky in 0ns: no
    1 STEP_RESTARTED flaky #2
    2 STEP_FAILURE flaky #2: no
    2 RUN_FAILURE 1, first flaky
    "#);
}

#[test]
fn the_policy_of_the_call_goes_before_those_of_op_and_job() {
    let own = fallible(OpDef::builder("own").retry(Retry::new(1)), 0, |_, _| Err("no".into()));
    let bare = fallible(OpDef::builder("bare"), 0, |_, _| Err("no".into()));
    let options = JobOptions::new("job").max_concurrent(1).retry(Retry::new(2));
    let job = Job::compose(options, || {
        call(&own, &[]).named("by_call").retry(Retry::new(0));
        call(&own, &[]).named("by_op");
        call(&bare, &[]).named("by_job");
    });
    let story = Play::new(&job).story();
    let attempts = |name: &str| {
        let begins = [format!("STEP_START {name}"), format!("STEP_RESTARTED {name}")];
        story.lines().filter(|line| begins.iter().any(|begin| line.contains(begin))).count()
    };
    assert_eq!([attempts("by_call"), attempts("by_op"), attempts("by_job")], [1, 2, 3], "{story}");
}

#[test]
fn an_op_may_ask_for_its_own_delay_as_long_as_attempts_are_left() {
    let polite = fallible(OpDef::builder("polite").retry(Retry::new(1).delay(seconds(9))), 0, |_, _| {
        Err(Failure::retry_after(seconds(3), "rate limit"))
    });
    let job = job(1, || call(&polite, &[]));
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START polite
    1 STEP_UP_FOR_RETRY polite in 3s: rate limit
    4 STEP_RESTARTED polite #2
    5 STEP_FAILURE polite #2: rate limit
    5 RUN_FAILURE 1, first polite
    "#);
}

#[test]
fn a_retry_asked_for_without_a_policy_fails_and_says_what_is_missing() {
    let polite =
        fallible(OpDef::builder("polite"), 0, |_, _| Err(Failure::retry_after(seconds(3), "rate limit")));
    let job = job(1, || call(&polite, &[]));
    let mut play = Play::new(&job);
    play.play();
    assert!(play.told().contains("STEP_FAILURE polite: rate limit"), "{}", play.told());
    assert!(!play.told().contains("STEP_UP_FOR_RETRY"), "{}", play.told());
}

#[test]
fn what_cannot_be_helped_is_not_tried_again() {
    let wrong = fallible(OpDef::builder("wrong").retry(Retry::new(5)), 0, |_, _| {
        Err(Failure::new("no such table").not_retryable())
    });
    let job = job(1, || call(&wrong, &[]));
    let story = Play::new(&job).story();
    assert!(!story.contains("STEP_UP_FOR_RETRY"), "{story}");
}

#[test]
fn a_waiting_step_holds_no_slot() {
    let flaky = fallible(OpDef::builder("flaky").retry(Retry::new(1).delay(seconds(5))), 0, |attempt, _| {
        if attempt == 1 { Err("not yet".into()) } else { Ok(1) }
    });
    let other = sum("other", 0);
    let job = job(1, || {
        call(&flaky, &[]);
        call(&other, &[]);
        call(&other, &[]);
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | flaky
    1 | other
    2 | other_2
    6 | flaky
    "#);
}

#[test]
fn an_attempt_that_outlives_its_timeout_fails_and_its_late_result_changes_nothing() {
    let slow = fallible(
        OpDef::builder("slow").timeout(seconds(3)).tag("cost", "5").retry(Retry::new(1)),
        0,
        |_, _| Ok(1),
    );
    let job = job(1, || call(&slow, &[]));
    let mut play = Play::new(&job);
    play.play();
    assert_eq!(play.aborted.len(), 2);
    assert_snapshot!(play.told(), @r#"
    0 RUN_START
    0 STEP_START slow
    3 STEP_UP_FOR_RETRY slow in 0ns: timeout: no result within 3s
    3 STEP_RESTARTED slow #2
    6 STEP_FAILURE slow #2: timeout: no result within 3s
    6 RUN_FAILURE 1, first slow
    "#);
}

#[test]
fn a_timeout_that_comes_after_the_result_changes_nothing() {
    let quick = fallible(OpDef::builder("quick").timeout(seconds(3)), 0, |_, _| Ok(1));
    let idle = sum("idle", 0);
    let job = job(1, || {
        call(&quick, &[]);
        call(&idle, &[]).tag("cost", 9);
    });
    let story = Play::new(&job).story();
    assert!(!story.contains("FAILURE"), "{story}");
}

#[test]
fn the_timeout_of_a_source_bounds_each_pull() {
    let slow = OpDef::builder("slow")
        .timeout(seconds(3))
        .tag("pull", "5")
        .returns::<Many>()
        .blocking(|_| Ok(Dynamic::from_values([1])))
        .into();
    let (work, idle) = (sum("work", 1), sum("idle", 0));
    let job = job(1, || {
        call_many(&slow, &[]).map(|item| call(&work, &[item]));
        // Goes on after the pull was given up: its slot is free again, and only one.
        call(&idle, &[]);
        call(&idle, &[]);
    });
    let mut play = Play::new(&job);
    play.play();
    assert_eq!(play.most_running, 1);
    assert_snapshot!(play.told(), @r#"
    0 RUN_START
    0 STEP_START slow
    4 STEP_FAILURE slow: timeout: no result within 3s
    4 STEP_START idle waited 4s
    5 STEP_OUTPUT idle
    5 STEP_SUCCESS idle
    5 STEP_START idle_2 waited 5s
    6 STEP_OUTPUT idle_2
    6 STEP_SUCCESS idle_2
    6 RUN_FAILURE 1, first slow
    "#);
}

#[test]
fn values_are_gone_after_a_failed_run_with_retries() {
    let (pages, one) = (source("pages", 3), sum("one", 0));
    let flaky =
        fallible(OpDef::builder("flaky").retry(Retry::new(2)), 2, |_, x| Err(Failure::new(x.to_string())));
    let job = job(2, || {
        let one = call(&one, &[]);
        call_many(&pages, &[]).map(|page| call(&flaky, &[page, one]));
    });
    let mut play = Play::new(&job);
    play.play();
    assert!(play.told().ends_with("RUN_FAILURE 3, first flaky[0]\n"), "{}", play.told());
}
