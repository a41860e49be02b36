//! Dynamic outputs: back-pressure, ends and keys.

use insta::assert_snapshot;

use super::fixture::{Many, Plain, call, call_many, count, in_flight, job, keyed, numbers, source, sum};
use super::play::Play;
use crate::define::{Dynamic, OpDef, Retry};
use crate::engine::Message;
use crate::graph::{Call, Handle as _};

#[test]
fn with_one_slot_and_room_for_one_item_each_item_is_done_before_the_next_is_pulled() {
    let (pages, clean, load) = (source("pages", 3), sum("clean", 1), sum("load", 1));
    let job = job(1, || {
        call_many(&pages, &[]).map(|page| call(&load, &[call(&clean, &[page])]));
    });
    let mut play = Play::with(&job, in_flight(1));
    play.play();
    // Each value is handed on to its only consumer at once.
    assert_eq!(play.most_live, 0);
    assert_snapshot!(Play::with(&job, in_flight(1)).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | clean[0]
    3 | load[0]
    4 | pages..
    5 | clean[1]
    6 | load[1]
    7 | pages..
    8 | clean[2]
    9 | load[2]
    10 | pages..
    "#);
}

#[test]
fn an_endless_source_is_pulled_only_as_far_as_there_is_room() {
    let endless =
        OpDef::builder("endless").returns::<Many>().blocking(|_| Ok(Dynamic::from_values(0..))).into();
    let work = sum("work", 1);
    let job = job(2, || {
        call_many(&endless, &[]).map(|item| call(&work, &[item]).tag("cost", 7));
    });
    let mut play = Play::with(&job, in_flight(3)).at(100, Message::Cancel);
    play.play_some(200);
    assert!(play.most_live <= 3, "{}", play.most_live);
    assert!(play.told().contains("STEP_SUCCESS work[20]"), "{}", play.told());
    assert!(play.told().contains("RUN_CANCELED"), "{}", play.told());
}

#[test]
fn a_duplicate_key_fails_the_source_and_names_both_places() {
    let pages =
        keyed(OpDef::builder("pages").retry(Retry::new(3)), |_| vec![Ok("a"), Ok("b"), Ok("a"), Ok("c")]);
    let (work, report) = (sum("work", 1), count("report"));
    let job = job(1, || {
        let done = call_many(&pages, &[]).map(|page| call(&work, &[page]));
        Call::of(&report).input::<Vec<i64>>(done.collect()).place::<Plain>();
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START pages
    2 STEP_OUTPUT pages a
    2 STEP_START work[a]
    3 STEP_OUTPUT work[a]
    3 STEP_SUCCESS work[a]
    4 STEP_OUTPUT pages b
    4 STEP_START work[b]
    5 STEP_OUTPUT work[b]
    5 STEP_SUCCESS work[b]
    6 STEP_FAILURE pages: duplicate mapping key `a` in output `result`: items number 0 and 2 both have it
    6 STEP_SKIPPED report: pages failed
    6 RUN_FAILURE 1, first pages
    "#);
}

#[test]
fn keys_that_read_the_same_are_the_same() {
    let pages = OpDef::builder("pages")
        .returns::<Many>()
        .blocking(|_| Ok(Dynamic::from_iter([("7".to_owned(), 1), (7.to_string(), 2)])))
        .into();
    let work = sum("work", 1);
    let job = job(1, || {
        call_many(&pages, &[]).map(|page| call(&work, &[page]));
    });
    let story = Play::new(&job).story();
    assert!(story.contains("duplicate mapping key `7`"), "{story}");
}

#[test]
fn an_item_error_fails_the_source_for_good_without_a_policy() {
    let pages = keyed(OpDef::builder("pages"), |_| vec![Err("torn page"), Ok("a")]);
    let work = sum("work", 1);
    let job = job(1, || {
        call_many(&pages, &[]).map(|page| call(&work, &[page]));
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START pages
    2 STEP_FAILURE pages: torn page
    2 RUN_FAILURE 1, first pages
    "#);
}

#[test]
fn an_outer_value_is_shared_by_all_items_and_held_until_the_map_is_done() {
    let (pages, outer, work) = (source("pages", 3), sum("outer", 0), sum("work", 2));
    let job = job(1, || {
        let outer = call(&outer, &[]).tag("cost", 8);
        call_many(&pages, &[]).map(|page| call(&work, &[page, outer]));
    });
    let mut play = Play::with(&job, in_flight(2));
    play.play();
    // Two items and the outer value.
    assert!(play.most_live <= 3, "{}", play.most_live);
    assert!(play.told().contains("STEP_SUCCESS work[2]"), "{}", play.told());
}

#[test]
fn an_outer_value_that_no_item_used_is_dropped() {
    let (none, outer, work) = (source("none", 0), sum("outer", 0), sum("work", 2));
    let idle = sum("idle", 0);
    let job = job(2, || {
        let outer = call(&outer, &[]).tag("cost", 4);
        call_many(&none, &[]).map(|page| call(&work, &[page, outer]));
        call(&idle, &[]).tag("cost", 9);
    });
    let mut play = Play::new(&job);
    play.play();
    assert_eq!(play.most_live, 0, "{}", play.told());
}

#[test]
fn after_a_source_waits_for_the_end_of_its_stream() {
    let (pages, work, last) = (source("pages", 2), sum("work", 1), sum("last", 0));
    let job = job(1, || {
        let pages = call_many(&pages, &[]);
        pages.map(|page| call(&work, &[page]));
        call(&last, &[]).after(pages);
    });
    let story = Play::new(&job).story();
    let at = |text: &str| story.find(text).unwrap();
    assert!(at("STREAM_CLOSED pages") < at("STEP_START last"), "{story}");
}

#[test]
fn a_stream_nobody_maps_over_is_drained_all_the_same() {
    let pages = source("pages", 3);
    let job = job(1, || {
        call_many(&pages, &[]);
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START pages
    2 STEP_OUTPUT pages 0
    3 STEP_OUTPUT pages 1
    4 STEP_OUTPUT pages 2
    5 STREAM_CLOSED pages 3
    5 STEP_SUCCESS pages
    5 RUN_SUCCESS
    "#);
}

#[test]
fn empty_streams_at_every_level() {
    let cells = |n: i64| {
        numbers("cells", 1).returns::<Many>().blocking(move |_| Ok(Dynamic::from_values(0..n))).into()
    };
    let (weigh, row_total, report) = (sum("weigh", 1), count("row_total"), count("report"));
    let story = |rows: i64, columns: i64| {
        let (rows, cells) = (source("rows", rows), cells(columns));
        let job = job(2, || {
            let totals = call_many(&rows, &[]).map(|row| {
                let weights = call_many(&cells, &[row]).map(|cell| call(&weigh, &[cell]));
                Call::of(&row_total).input::<Vec<i64>>(weights.collect()).place::<Plain>()
            });
            Call::of(&report).input::<Vec<i64>>(totals.collect()).place::<Plain>();
        });
        Play::new(&job).story()
    };
    let without_rows = story(0, 5);
    assert!(without_rows.contains("STEP_INPUT report xs of 0"), "{without_rows}");
    let without_cells = story(2, 0);
    assert!(without_cells.contains("STEP_INPUT row_total[1] xs of 0"), "{without_cells}");
    assert!(without_cells.contains("STEP_INPUT report xs of 2"), "{without_cells}");
}

#[test]
fn a_job_without_steps_succeeds_at_once() {
    assert_snapshot!(Play::new(&job(1, || ())).story(), @r#"
    0 RUN_START
    0 RUN_SUCCESS
    "#);
}
