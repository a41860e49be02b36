//! What goes to an IO manager, and when: `name!` in a schedule.

use std::time::Duration;

use insta::assert_snapshot;

use super::fixture::{call, call_many, job, keyed, numbers, sum};
use super::play::Play;
use crate::define::{Dynamic, One, OpDef, Retry};
use crate::engine::{Message, Settings};
use crate::failure::Failure;
use crate::graph::{Call, Handle as _, Job};

#[test]
fn what_an_op_returns_is_stored_before_others_are_given_it() {
    let give = numbers("give", 0).io("files").returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
    let work = sum("work", 1);
    let job = || job(1, || call(&work, &[call(&give, &[]).tag("store", 3)]));
    assert_snapshot!(Play::new(&job()).schedule(), @r"
    0 | give
    1 | give!
    4 | work
    ");
    assert_snapshot!(Play::new(&job()).story(), @r"
    0 RUN_START
    0 STEP_START give
    4 STEP_OUTPUT give
    4 STEP_SUCCESS give
    4 STEP_START work
    5 STEP_OUTPUT work
    5 STEP_SUCCESS work
    5 RUN_SUCCESS
    ");
}

#[test]
fn of_an_item_whose_key_comes_twice_only_the_first_is_stored() {
    let source = keyed(OpDef::builder("source").io("files"), |_| vec![Ok("a"), Ok("b"), Ok("a")]);
    let work = sum("work", 1);
    let job = || job(2, || call_many(&source, &[]).map(|item| call(&work, &[item])));
    assert_snapshot!(Play::new(&job()).schedule(), @r"
    0 | source
    1 | source..
    2 | source!
    3 | work[a] source..
    4 | source!
    5 | work[b] source..
    ");
    assert!(Play::new(&job()).story().contains("duplicate mapping key `a`"));
}

#[test]
fn a_source_that_is_tried_again_stores_what_is_new_and_no_item_twice() {
    let source = OpDef::builder("source").io("files").retry(Retry::new(1));
    let source = keyed(source, |attempt| match attempt {
        1 => vec![Ok("a"), Ok("b"), Err("torn page")],
        _ => vec![Ok("b"), Ok("a"), Ok("c")],
    });
    let work = sum("work", 1);
    let job = job(2, || call_many(&source, &[]).map(|item| call(&work, &[item])));
    assert_snapshot!(Play::new(&job).schedule(), @r"
    0 | source
    1 | source..
    2 | source!
    3 | work[a] source..
    4 | source!
    5 | work[b] source..
    6 | source
    7 | source..
    8 | source..
    9 | source..
    10 | source!
    11 | work[c] source..
    ");
}

#[test]
fn a_plain_output_beside_a_stream_is_stored_by_the_first_opening_alone() {
    let source = OpDef::builder("source").io("files").retry(Retry::new(1));
    let source = source.returns::<(One<i64, 0>, One<Dynamic<i64>, 2>)>().blocking(|args| {
        let first = args.context().attempt() == 1;
        let items = if first { vec![Err(Failure::from("torn page"))] } else { vec![] };
        Ok((i64::from(args.context().attempt()), Dynamic::try_from_values(items)))
    });
    let (source, work) = (source.into(), sum("work", 1));
    let job = job(2, || {
        let (plain, _) = Call::of(&source).place::<(One<i64, 0>, One<Dynamic<i64>, 2>)>();
        call(&work, &[plain]);
    });
    assert_snapshot!(Play::new(&job).schedule(), @r"
    0 | source
    1 | source!
    2 | work source..
    3 | source
    4 | source..
    ");
}

#[test]
fn the_next_attempt_waits_for_what_the_last_one_still_has_stored() {
    let both = OpDef::builder("both").io("files").retry(Retry::new(1));
    let both = both.returns::<(One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>)>().blocking(|args| {
        let first = args.context().attempt() == 1;
        let broken = if first { vec![Err(Failure::from("torn page"))] } else { vec![] };
        Ok((Dynamic::from_values(7..8), Dynamic::try_from_values(broken)))
    });
    let both = both.into();
    let job = || {
        job(2, || {
            let (whole, _) = Call::of(&both).place::<(One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>)>();
            whole.tag("store", 3);
        })
    };
    assert_snapshot!(Play::new(&job()).schedule(), @r"
    0 | both
    1 | both.. both..
    2 | both!
    5 | both
    6 | both.. both..
    7 | both!
    10 | both..
    ");
    assert_snapshot!(Play::new(&job()).story(), @r"
    0 RUN_START
    0 STEP_START both
    2 STEP_UP_FOR_RETRY both in 0ns: torn page
    5 STEP_RESTARTED both #2
    7 STREAM_CLOSED both #2 output_1 0
    10 STEP_OUTPUT both #2 output_0 0
    11 STREAM_CLOSED both #2 output_0 1
    11 STEP_SUCCESS both #2
    11 RUN_SUCCESS
    ");
}

/// A source of two streams; while an item of the first is being stored, the second one fails.
fn torn(retry: Retry) -> Job {
    let both = OpDef::builder("both").io("files").retry(retry);
    let both = both.returns::<(One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>)>().blocking(|_| {
        Ok((Dynamic::from_values(7..8), Dynamic::try_from_values([Err(Failure::from("torn page"))])))
    });
    let (both, work) = (both.into(), sum("work", 0));
    job(2, || {
        let (whole, _) = Call::of(&both).place::<(One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>)>();
        whole.tag("store", 4);
        call(&work, &[]).tag("cost", 2);
        call(&work, &[]);
    })
}

#[test]
fn the_run_ends_when_all_is_stored_and_what_is_being_stored_has_a_slot() {
    let play = || Play::new(&torn(Retry::new(0)));
    assert_snapshot!(play().schedule(), @r"
    0 | both work
    1 | both..
    2 | both.. both!
    3 | work_2
    ");
    assert_snapshot!(play().story(), @r"
    0 RUN_START
    0 STEP_START both
    0 STEP_START work
    2 STEP_OUTPUT work
    2 STEP_SUCCESS work
    3 STEP_FAILURE both: torn page
    3 STEP_START work_2 waited 3s
    4 STEP_OUTPUT work_2
    4 STEP_SUCCESS work_2
    6 RUN_FAILURE 1, first both
    ");
}

#[test]
fn a_canceled_run_names_what_is_still_being_stored_after_its_grace() {
    let job = torn(Retry::new(1).delay(Duration::from_secs(60)));
    let play = Play::with(&job, |settings| Settings { grace: Duration::from_secs(1), ..settings });
    assert_snapshot!(play.at(3, Message::Cancel).story(), @r"
    0 RUN_START
    0 STEP_START both
    0 STEP_START work
    2 STEP_OUTPUT work
    2 STEP_SUCCESS work
    3 RUN_CANCELING
    3 STEP_SKIPPED work_2: canceled
    3 STEP_FAILURE both: torn page
    4 RUN_CANCELED detached [both]
    ");
}

#[test]
fn a_timeout_is_of_the_code_and_not_of_storing() {
    let give = numbers("give", 0).io("files").timeout(Duration::from_secs(2));
    let give = give.returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
    let job = job(1, || call(&give, &[]).tag("store", 9));
    assert_snapshot!(Play::new(&job).story(), @r"
    0 RUN_START
    0 STEP_START give
    10 STEP_OUTPUT give
    10 STEP_SUCCESS give
    10 RUN_SUCCESS
    ");
}

#[test]
fn a_canceled_run_has_stored_what_was_produced_in_time() {
    let give = numbers("give", 0).io("files").returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
    let (work, next) = (sum("work", 0), sum("next", 1));
    let job = job(2, || {
        call(&next, &[call(&give, &[]).tag("cost", 2).tag("store", 3)]);
        call(&work, &[]);
    });
    assert_snapshot!(Play::new(&job).at(1, Message::Cancel).story(), @r"
    0 RUN_START
    0 STEP_START give
    0 STEP_START work
    1 RUN_CANCELING
    1 STEP_OUTPUT work
    1 STEP_SUCCESS work
    5 STEP_OUTPUT give
    5 STEP_SUCCESS give
    5 STEP_SKIPPED next: canceled
    5 RUN_CANCELED
    ");
}
