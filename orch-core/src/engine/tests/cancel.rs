//! Cancellation: nothing starts any more, code gets its time to end, and the run is over in bounded time.

use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{call, call_many, call_maybe, fallible, filter, job, source, sum};
use super::play::Play;
use crate::define::{OpDef, Retry};
use crate::engine::{Message, Settings};
use crate::failure::Failure;
use crate::graph::{Handle as _, lit};

#[test]
fn what_runs_may_end_and_what_is_ready_is_skipped() {
    let (slow, work, idle) = (sum("slow", 0), sum("work", 1), sum("idle", 0));
    let job = job(1, || {
        let slow = call(&slow, &[]).tag("cost", 5);
        call(&work, &[slow]);
        call(&idle, &[]);
    });
    assert_snapshot!(Play::new(&job).at(2, Message::Cancel).story(), @r#"
    0 RUN_START
    0 STEP_START slow
    2 RUN_CANCELING
    2 STEP_SKIPPED idle: canceled
    5 STEP_OUTPUT slow
    5 STEP_SUCCESS slow
    5 STEP_SKIPPED work: canceled
    5 RUN_CANCELED
    "#);
}

#[test]
fn whatever_has_not_started_is_told_so_for_the_same_reason() {
    let (fails, absent) =
        (fallible(OpDef::builder("fails"), 0, |_, _| Err("no".into())), filter("keep", |_| false));
    let (stuck, work) = (sum("stuck", 0), sum("work", 1));
    let job = job(3, || {
        let stuck = call(&stuck, &[]).tag("cost", "never");
        let fails = call(&fails, &[]).tag("cost", 4);
        call(&work, &[call(&work, &[fails]).named("of_failed")]).named("after_that");
        call(&work, &[call_maybe(&absent, &[lit(1)]).tag("cost", 3)]).named("of_absent");
        call(&work, &[stuck]).named("of_stuck");
    });
    assert_snapshot!(Play::new(&job).at(2, Message::Cancel).story(), @r#"
    0 RUN_START
    0 STEP_START stuck
    0 STEP_START fails
    0 STEP_START keep
    2 RUN_CANCELING
    3 STEP_SUCCESS keep
    3 STEP_SKIPPED of_absent: canceled
    4 STEP_FAILURE fails: no
    4 STEP_SKIPPED of_failed: canceled
    12 STEP_FAILURE stuck: the run was canceled
    12 STEP_SKIPPED after_that: canceled
    12 STEP_SKIPPED of_stuck: canceled
    12 RUN_CANCELED detached [stuck]
    "#);
}

#[test]
fn at_the_end_older_branches_are_told_before_younger_ones() {
    let (pages, rows) = (source("pages", 2), source("rows", 2));
    let (stuck, work) = (sum("stuck", 0), sum("work", 1));
    let job = job(9, || {
        let stuck = call(&stuck, &[]).tag("cost", "never");
        call_many(&pages, &[]).map(|_| {
            call_many(&rows, &[]).map(|row| call(&work, &[row]).named("inner").after(stuck));
            call(&work, &[stuck]).named("outer");
        });
    });
    let story = Play::new(&job).at(30, Message::Cancel).story();
    let (_, end) = story.split_once("30 RUN_CANCELING\n").unwrap();
    assert_snapshot!(end, @r#"
    40 STEP_FAILURE stuck: the run was canceled
    40 STEP_SKIPPED outer[0]: canceled
    40 STEP_SKIPPED inner[0][0]: canceled
    40 STEP_SKIPPED inner[0][1]: canceled
    40 STEP_SKIPPED outer[1]: canceled
    40 STEP_SKIPPED inner[1][0]: canceled
    40 STEP_SKIPPED inner[1][1]: canceled
    40 RUN_CANCELED detached [stuck]
    "#);
}

#[test]
fn code_that_does_not_end_within_the_grace_period_is_left_alone_and_named() {
    let stuck = sum("stuck", 0);
    let job = job(2, || {
        call(&stuck, &[]).tag("cost", "never");
        call(&stuck, &[]).tag("cost", 4);
    });
    assert_snapshot!(Play::new(&job).at(2, Message::Cancel).story(), @r#"
    0 RUN_START
    0 STEP_START stuck
    0 STEP_START stuck_2
    2 RUN_CANCELING
    4 STEP_OUTPUT stuck_2
    4 STEP_SUCCESS stuck_2
    12 STEP_FAILURE stuck: the run was canceled
    12 RUN_CANCELED detached [stuck]
    "#);
}

#[test]
fn a_second_request_changes_nothing() {
    let stuck = sum("stuck", 0);
    let job = job(1, || call(&stuck, &[]).tag("cost", "never"));
    let once = Play::new(&job).at(2, Message::Cancel).story();
    let twice = Play::new(&job).at(2, Message::Cancel).at(5, Message::Cancel).story();
    assert_eq!(once, twice);
}

#[test]
fn with_nothing_under_way_the_run_is_over_at_once() {
    let flaky =
        fallible(OpDef::builder("flaky").retry(Retry::new(1).delay(Duration::from_secs(100))), 0, |_, _| {
            Err(Failure::new("not yet"))
        });
    let job = job(1, || call(&flaky, &[]));
    assert_snapshot!(Play::new(&job).at(5, Message::Cancel).story(), @r#"
    0 RUN_START
    0 STEP_START flaky
    1 STEP_UP_FOR_RETRY flaky in 100s: not yet
    5 RUN_CANCELING
    5 STEP_SKIPPED flaky: canceled
    5 RUN_CANCELED
    "#);
}

#[test]
fn a_failure_while_canceling_is_not_tried_again() {
    let flaky =
        fallible(OpDef::builder("flaky").retry(Retry::new(3)), 0, |_, _| Err(Failure::new("not yet")));
    let job = job(1, || call(&flaky, &[]).tag("cost", 5));
    assert_snapshot!(Play::new(&job).at(2, Message::Cancel).story(), @r#"
    0 RUN_START
    0 STEP_START flaky
    2 RUN_CANCELING
    5 STEP_FAILURE flaky: not yet
    5 RUN_CANCELED
    "#);
}

#[test]
fn a_source_that_waits_for_room_ends_with_the_run() {
    let (pages, work) = (source("pages", 9), sum("work", 1));
    let job = job(1, || {
        call_many(&pages, &[]).map(|page| call(&work, &[page]).tag("cost", 9));
    });
    let story =
        Play::with(&job, |settings| Settings { max_in_flight: 1, ..settings }).at(4, Message::Cancel).story();
    assert_snapshot!(story, @r#"
    0 RUN_START
    0 STEP_START pages
    2 STEP_OUTPUT pages 0
    2 STEP_START work[0]
    4 RUN_CANCELING
    11 STEP_OUTPUT work[0]
    11 STEP_SUCCESS work[0]
    11 STEP_FAILURE pages: the run was canceled
    11 RUN_CANCELED
    "#);
}

#[test]
fn an_item_that_arrives_while_canceling_opens_nothing_new() {
    let (pages, work) = (source("pages", 9), sum("work", 1));
    let job = job(1, || {
        call_many(&pages, &[]).tag("pull", 9).map(|page| call(&work, &[page]));
    });
    let story = Play::new(&job).at(4, Message::Cancel).story();
    assert!(!story.contains("STEP_START work"), "{story}");
    assert_snapshot!(story, @r#"
    0 RUN_START
    0 STEP_START pages
    4 RUN_CANCELING
    10 STEP_OUTPUT pages 0
    10 STEP_SKIPPED work[0]: canceled
    10 STEP_FAILURE pages: the run was canceled
    10 RUN_CANCELED
    "#);
}

#[test]
fn a_run_that_ends_while_it_is_canceled_counts_as_canceled() {
    let only = sum("only", 0);
    let job = job(1, || call(&only, &[]).tag("cost", 3));
    let story = Play::new(&job).at(2, Message::Cancel).story();
    assert!(story.ends_with("STEP_SUCCESS only\n3 RUN_CANCELED\n"), "{story}");
}
