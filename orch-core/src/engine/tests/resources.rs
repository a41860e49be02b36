//! Resources are opened before the first step and closed after the last, whatever becomes of the run.

use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{call, fallible, job, sum};
use super::play::Play;
use crate::define::OpDef;
use crate::engine::{Message, Settings};
use crate::failure::Failure;
use crate::graph::Handle as _;

/// A resource, and how long it takes to open and to close it.
#[derive(Clone, Copy)]
pub(super) struct Opens {
    pub(super) key: &'static str,
    pub(super) opening: Duration,
    pub(super) closing: Duration,
    pub(super) breaks: bool,
}

pub(super) fn opens(key: &'static str, opening: u64, closing: u64) -> Opens {
    let (opening, closing) = (Duration::from_secs(opening), Duration::from_secs(closing));
    Opens { key, opening, closing, breaks: false }
}

impl Opens {
    pub(super) fn broken(self) -> Self {
        Self { breaks: true, ..self }
    }
}

#[test]
fn steps_begin_when_all_are_open_and_the_last_opened_is_closed_first() {
    let work = sum("work", 0);
    let job = job(1, || call(&work, &[]));
    let play = Play::with_resources(&job, &[opens("db", 2, 1), opens("api", 1, 3)]);
    assert_snapshot!(play.story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    2 RESOURCE_INIT_SUCCESS db
    2 RESOURCE_INIT_STARTED api
    3 RESOURCE_INIT_SUCCESS api
    3 STEP_START work
    4 STEP_OUTPUT work
    4 STEP_SUCCESS work
    7 RESOURCE_CLOSED api
    8 RESOURCE_CLOSED db
    8 RUN_SUCCESS
    ");
}

#[test]
fn one_that_cannot_be_opened_ends_the_run_before_a_step_begins() {
    let work = sum("work", 0);
    let job = job(1, || call(&work, &[]));
    let resources = [opens("db", 2, 1), opens("api", 1, 1).broken(), opens("cache", 1, 1)];
    let play = Play::with_resources(&job, &resources);
    assert_snapshot!(play.story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    2 RESOURCE_INIT_SUCCESS db
    2 RESOURCE_INIT_STARTED api
    3 RESOURCE_INIT_FAILURE api: no
    4 RESOURCE_CLOSED db
    4 RUN_FAILURE for want of api
    ");
}

#[test]
fn a_run_that_failed_closes_them_too() {
    let fails = fallible(OpDef::builder("fails"), 0, |_, _| Err("no".into()));
    let job = job(1, || call(&fails, &[]));
    assert_snapshot!(Play::with_resources(&job, &[opens("db", 1, 1)]).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    1 RESOURCE_INIT_SUCCESS db
    1 STEP_START fails
    2 STEP_FAILURE fails: no
    3 RESOURCE_CLOSED db
    3 RUN_FAILURE 1, first fails
    ");
}

#[test]
fn canceled_while_they_are_opened_the_run_closes_what_is_open() {
    let (work, then) = (sum("work", 0), sum("then", 1));
    let job = job(1, || call(&then, &[call(&work, &[])]));
    let resources = [opens("db", 2, 1), opens("api", 9, 1), opens("cache", 1, 1)];
    assert_snapshot!(Play::with_resources(&job, &resources).at(5, Message::Cancel).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    2 RESOURCE_INIT_SUCCESS db
    2 RESOURCE_INIT_STARTED api
    5 RUN_CANCELING
    5 STEP_SKIPPED work: canceled
    5 STEP_SKIPPED then: canceled
    5 RESOURCE_INIT_FAILURE api: the run was canceled
    6 RESOURCE_CLOSED db
    6 RUN_CANCELED
    ");
}

#[test]
fn canceled_before_it_began_the_run_opens_nothing() {
    let work = sum("work", 0);
    let job = job(1, || call(&work, &[]));
    let mut play = Play::with_resources(&job, &[opens("db", 2, 1)]);
    play.begin_canceled();
    assert_snapshot!(play.story(), @r"
    0 RUN_START
    0 RUN_CANCELING
    0 STEP_SKIPPED work: canceled
    0 RUN_CANCELED
    ");
}

#[test]
fn closing_has_a_grace_period_of_its_own_after_that_of_the_steps() {
    let stuck = sum("stuck", 0);
    let job = job(1, || call(&stuck, &[]).tag("cost", "never"));
    let resources = [opens("db", 0, 4), opens("api", 0, 90)];
    assert_snapshot!(Play::with_resources(&job, &resources).at(2, Message::Cancel).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    0 RESOURCE_INIT_SUCCESS db
    0 RESOURCE_INIT_STARTED api
    0 RESOURCE_INIT_SUCCESS api
    0 STEP_START stuck
    2 RUN_CANCELING
    12 STEP_FAILURE stuck: the run was canceled
    22 RESOURCE_CLOSE_FAILURE api: not closed within the grace period of the canceled run
    22 RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    22 RUN_CANCELED detached [stuck]
    ");
    let resources = [opens("db", 0, 4), opens("api", 0, 2)];
    let story = Play::with_resources(&job, &resources).at(2, Message::Cancel).story();
    let (_, end) = story.split_once("12 STEP_FAILURE stuck: the run was canceled\n").unwrap();
    assert_snapshot!(end, @r"
    14 RESOURCE_CLOSED api
    18 RESOURCE_CLOSED db
    18 RUN_CANCELED detached [stuck]
    ");
}

#[test]
fn what_the_steps_came_to_stands_and_canceling_only_bounds_the_closing() {
    let work = sum("work", 0);
    let job = job(1, || call(&work, &[]));
    let resources = [opens("db", 0, 90)];
    let story = Play::with_resources(&job, &resources).at(4, Message::Cancel).at(5, Message::Cancel).story();
    assert_snapshot!(story, @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    0 RESOURCE_INIT_SUCCESS db
    0 STEP_START work
    1 STEP_OUTPUT work
    1 STEP_SUCCESS work
    14 RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    14 RUN_SUCCESS
    ");
}

#[test]
fn one_that_cannot_be_closed_is_told_and_the_run_is_a_success_all_the_same() {
    let work = sum("work", 0);
    let job = job(1, || call(&work, &[]));
    let failure = Failure::new("broken pipe");
    let message = Message::ResourceClosed { resource: "db".into(), result: Err(failure) };
    let resources = [opens("db", 0, 9)];
    let story = Play::with_resources(&job, &resources).at(3, message).at(4, Message::Closed).story();
    assert_snapshot!(story, @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    0 RESOURCE_INIT_SUCCESS db
    0 STEP_START work
    1 STEP_OUTPUT work
    1 STEP_SUCCESS work
    3 RESOURCE_CLOSE_FAILURE db: broken pipe
    3 RUN_SUCCESS
    ");
}

#[test]
fn without_steps_they_are_opened_and_closed() {
    let job = job(1, || {});
    assert_snapshot!(Play::with_resources(&job, &[opens("db", 1, 1)]).story(), @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    1 RESOURCE_INIT_SUCCESS db
    2 RESOURCE_CLOSED db
    2 RUN_SUCCESS
    ");
}

#[test]
fn a_step_that_reports_after_the_grace_period_changes_nothing() {
    let stuck = sum("stuck", 0);
    let job = job(1, || call(&stuck, &[]).tag("cost", 17));
    let settings = |settings| Settings { grace: Duration::from_secs(3), ..settings };
    let resources = [opens("db", 0, 90)];
    let story = Play::with_resources_and(&job, &resources, settings).at(13, Message::Cancel).story();
    assert_snapshot!(story, @r"
    0 RUN_START
    0 RESOURCE_INIT_STARTED db
    0 RESOURCE_INIT_SUCCESS db
    0 STEP_START stuck
    13 RUN_CANCELING
    16 STEP_FAILURE stuck: the run was canceled
    19 RESOURCE_CLOSE_FAILURE db: not closed within the grace period of the canceled run
    19 RUN_CANCELED detached [stuck]
    ");
}
