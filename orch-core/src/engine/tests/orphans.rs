//! Sources that are tried again: what was emitted before is not emitted twice, and what is not emitted again is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use insta::assert_snapshot;

use super::fixture::{Plain, call, call_many, call_maybe, count, fallible, filter, job, keyed, sum};
use super::play::Play;
use crate::define::{Dynamic, One, OpDef, Retry};
use crate::failure::Failure;
use crate::graph::{Call, Out};

#[test]
fn a_source_that_is_tried_again_does_not_emit_the_same_keys_twice() {
    let pages = keyed(OpDef::builder("pages").retry(Retry::new(1)), |attempt| match attempt {
        1 => vec![Ok("a"), Ok("b"), Err("torn page")],
        _ => vec![Ok("a"), Ok("b"), Ok("c")],
    });
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
    6 STEP_UP_FOR_RETRY pages in 0ns: torn page
    6 STEP_RESTARTED pages #2
    10 STEP_OUTPUT pages #2 c
    10 STEP_START work[c]
    11 STEP_OUTPUT work[c]
    11 STEP_SUCCESS work[c]
    12 STREAM_CLOSED pages #2 3
    12 STEP_SUCCESS pages #2
    12 STEP_START report
    12 STEP_INPUT report xs of 3
    13 STEP_OUTPUT report
    13 STEP_SUCCESS report
    13 RUN_SUCCESS
    "#);
}

#[test]
fn keys_that_the_successful_attempt_does_not_emit_are_orphans_and_not_collected() {
    let pages = keyed(OpDef::builder("pages").retry(Retry::new(1)), |attempt| match attempt {
        1 => vec![Ok("a"), Ok("b"), Err("torn page")],
        _ => vec![Ok("c"), Ok("b")],
    });
    let (work, report) = (sum("work", 1), count("report"));
    let job = job(1, || {
        let done = call_many(&pages, &[]).map(|page| call(&work, &[page]));
        Call::of(&report).input::<Vec<i64>>(done.collect()).place::<Plain>();
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STREAM_CLOSED pages #2 2, 1 orphaned"), "{story}");
    assert!(story.contains("STEP_INPUT report xs of 2"), "{story}");
}

/// The first attempt emits `a`, of which comes nothing, and the second other keys.
fn orphan(
    work: &Arc<OpDef>,
    place: impl Fn(&Arc<OpDef>, Out<i64>) -> Out<i64>,
    second: &'static [&'static str],
) -> String {
    let pages = keyed(OpDef::builder("pages").retry(Retry::new(1)), move |attempt| match attempt {
        1 => vec![Ok("a"), Err("torn page")],
        _ => second.iter().map(|&key| Ok(key)).collect(),
    });
    let report = count("report");
    let job = job(1, || {
        let done = call_many(&pages, &[]).map(|page| place(work, page));
        Call::of(&report).input::<Vec<i64>>(done.collect()).place::<Plain>();
    });
    Play::new(&job).story()
}

#[test]
fn an_orphan_that_failed_does_not_fail_the_collect() {
    let first = AtomicBool::new(true);
    let work = fallible(OpDef::builder("work"), 1, move |_, x| {
        if first.swap(false, Ordering::Relaxed) { Err("orphan".into()) } else { Ok(x) }
    });
    let story = orphan(&work, |work, page| call(work, &[page]), &["b"]);
    assert!(story.contains("STEP_INPUT report xs of 1"), "{story}");
}

#[test]
fn an_orphan_that_was_skipped_does_not_skip_the_collector_of_an_empty_stream() {
    let keep = filter("keep", |_| false);
    let story = orphan(&keep, |keep, page| call_maybe(keep, &[page]), &[]);
    assert!(story.contains("STEP_INPUT report xs of 0"), "{story}");
}

#[test]
fn the_plain_output_of_a_source_stands_when_the_source_is_tried_again() {
    type Both = (One<i64, 0>, One<Dynamic<i64>, 2>);
    let both = OpDef::builder("both")
        .retry(Retry::new(1))
        .returns::<Both>()
        .blocking(|args| {
            let attempt = args.context().attempt();
            let torn = (attempt == 1).then(|| Err(Failure::new("torn page")));
            let items = [Ok(("a", 1))].into_iter().chain(torn);
            Ok((i64::from(attempt), Dynamic::try_from_iter(items)))
        })
        .into();
    let heading =
        fallible(OpDef::builder("heading"), 1, |_, x| Err(Failure::new(format!("heading of attempt {x}"))));
    let (work, late) = (sum("work", 1), sum("late", 2));
    let job = job(1, || {
        let (title, items) = Call::of(&both).place::<Both>();
        call(&heading, &[title]);
        items.map(|item| call(&late, &[call(&work, &[item]), title]));
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START both
    1 STEP_OUTPUT both output_0
    1 STEP_START heading
    2 STEP_FAILURE heading: heading of attempt 1
    3 STEP_OUTPUT both output_1 a
    3 STEP_START work[a]
    4 STEP_OUTPUT work[a]
    4 STEP_SUCCESS work[a]
    4 STEP_START late[a]
    5 STEP_OUTPUT late[a]
    5 STEP_SUCCESS late[a]
    6 STEP_UP_FOR_RETRY both in 0ns: torn page
    6 STEP_RESTARTED both #2
    9 STREAM_CLOSED both #2 output_1 1
    9 STEP_SUCCESS both #2
    9 RUN_FAILURE 1, first heading
    "#);
}

#[test]
fn a_key_that_comes_twice_is_told_by_its_places_in_the_attempt_that_failed() {
    let source = OpDef::builder("source").retry(Retry::new(1));
    let source = keyed(source, |attempt| match attempt {
        1 => vec![Ok("a"), Ok("b"), Err("torn page")],
        _ => vec![Ok("c"), Ok("b"), Ok("d"), Ok("b"), Ok("d")],
    });
    let job = job(1, || call_many(&source, &[]).map(|item| call(&sum("work", 1), &[item])));
    let story = Play::new(&job).story();
    assert!(story.contains("key `b` in output `result`: items number 1 and 3 both have it"), "{story}");
}
