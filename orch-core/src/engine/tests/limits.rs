//! Limits by tag, value and pool, and that none of them keeps back a step it does not concern.

use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{Plain, call, call_many, fallible, job, source, sum};
use super::play::Play;
use crate::define::{JobOptions, Limit, OpDef, Retry};
use crate::engine::Settings;
use crate::graph::{Handle as _, Job};

/// Three steps tagged `db`, of two values, then two without the tag.
fn tagged(limit: Limit) -> Job {
    let step = sum("step", 0);
    Job::compose(JobOptions::new("job").max_concurrent(4).limit(limit), || {
        call(&step, &[]).named("red").tag("db", "red");
        call(&step, &[]).named("red_too").tag("db", "red");
        call(&step, &[]).named("blue").tag("db", "blue");
        call(&step, &[]).named("free");
        call(&step, &[]).named("free_too");
    })
}

#[test]
fn a_limit_on_a_tag_does_not_hold_back_steps_without_it() {
    assert_snapshot!(Play::new(&tagged(Limit::tag("db", 1))).schedule(), @r#"
    0 | red free free_too
    1 | red_too
    2 | blue
    "#);
}

#[test]
fn a_limit_on_a_value_does_not_hold_back_other_values() {
    assert_snapshot!(Play::new(&tagged(Limit::tag_value("db", "red", 1))).schedule(), @r#"
    0 | red blue free free_too
    1 | red_too
    "#);
}

#[test]
fn a_limit_per_value_counts_each_value_apart() {
    assert_snapshot!(Play::new(&tagged(Limit::per_value("db", 1))).schedule(), @r#"
    0 | red blue free free_too
    1 | red_too
    "#);
}

#[test]
fn of_several_limits_all_must_have_room() {
    let step = sum("step", 0);
    let options =
        JobOptions::new("job").max_concurrent(8).limit(Limit::tag("db", 2)).limit(Limit::tag("cpu", 2));
    let job = Job::compose(options, || {
        call(&step, &[]).named("both").tag("db", "").tag("cpu", "");
        call(&step, &[]).named("db").tag("db", "");
        call(&step, &[]).named("db_too").tag("db", "");
        call(&step, &[]).named("cpu").tag("cpu", "");
        call(&step, &[]).named("cpu_too").tag("cpu", "");
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | both db cpu
    1 | db_too cpu_too
    "#);
}

#[test]
fn a_pool_bounds_the_steps_that_name_it() {
    let pooled = OpDef::builder("pooled").pool("gpu").returns::<Plain>().blocking(|_| Ok(1)).into();
    let free = sum("free", 0);
    let job = job(4, || {
        for _ in 0..3 {
            call(&pooled, &[]);
        }
        call(&free, &[]);
    });
    let play = Play::with(&job, |mut settings: Settings| {
        settings.pools.insert("gpu".to_owned(), 1);
        settings
    });
    assert_snapshot!(play.schedule(), @r#"
    0 | pooled free
    1 | pooled_2
    2 | pooled_3
    "#);
}

#[test]
fn a_limited_step_of_high_priority_does_not_keep_slots_from_others() {
    let (pages, work) = (source("pages", 3), sum("work", 1));
    let options = JobOptions::new("job").max_concurrent(2).limit(Limit::tag("db", 1));
    let job = Job::compose(options, || {
        call_many(&pages, &[]).map(|page| {
            call(&work, &[page]).named("load").tag("db", "").tag("cost", 3).priority(9);
            call(&work, &[page]).named("count");
        });
    });
    let mut play = Play::new(&job);
    play.play();
    assert_eq!(play.most_running, 2);
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | load[0] count[0]
    3 | pages..
    4 | count[1]
    5 | load[1] pages..
    6 | count[2]
    7 | pages..
    8 | load[2]
    "#);
}

#[test]
fn a_source_that_waits_for_room_gives_its_limit_back() {
    let (pages, load) = (source("pages", 2), sum("load", 1));
    let options = JobOptions::new("job").max_concurrent(4).max_in_flight(1).limit(Limit::tag("db", 1));
    let job = Job::compose(options, || {
        let pages = call_many(&pages, &[]).tag("db", "");
        pages.map(|page| call(&load, &[page]).tag("db", ""));
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | load[0]
    3 | pages..
    4 | load[1]
    5 | pages..
    "#);
}

#[test]
fn a_step_between_attempts_holds_neither_slot_nor_limit() {
    let flaky = fallible(
        OpDef::builder("flaky").tag("db", "").retry(Retry::new(1).delay(Duration::from_secs(5))),
        0,
        |attempt, _| if attempt == 1 { Err("not yet".into()) } else { Ok(1) },
    );
    let steady = sum("steady", 0);
    let job = Job::compose(JobOptions::new("job").max_concurrent(1).limit(Limit::tag("db", 1)), || {
        call(&flaky, &[]);
        call(&steady, &[]).tag("db", "");
        call(&steady, &[]).tag("cost", 6);
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | flaky
    1 | steady
    2 | steady_2
    8 | flaky
    "#);
}
