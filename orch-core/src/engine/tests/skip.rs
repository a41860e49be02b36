//! What does not run, and why.

use insta::assert_snapshot;

use super::fixture::{
    Many, Plain, call, call_many, call_maybe, count, fallible, filter, job, keyed, numbers, source, sum,
};
use super::play::Play;
use crate::define::{Dynamic, One, OpDef, Optional};
use crate::failure::Failure;
use crate::graph::{Call, Handle as _, Job};
use crate::value::{Keyed, StepFailure};

#[test]
fn an_absent_output_skips_what_needs_it_and_nothing_fails() {
    let (read, keep, load, other) =
        (sum("read", 0), filter("keep", |_| false), sum("load", 1), sum("other", 1));
    let job = job(1, || {
        let read = call(&read, &[]);
        let kept = call_maybe(&keep, &[read]);
        let loaded = call(&load, &[kept]);
        call(&load, &[loaded]);
        call(&other, &[read]);
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START read
    1 STEP_OUTPUT read
    1 STEP_SUCCESS read
    1 STEP_START keep
    2 STEP_SUCCESS keep
    2 STEP_SKIPPED load: keep left it out
    2 STEP_SKIPPED load_2: keep left it out
    2 STEP_START other waited 1s
    3 STEP_OUTPUT other
    3 STEP_SUCCESS other
    3 RUN_SUCCESS
    "#);
}

#[test]
fn a_failed_step_skips_what_needs_it_and_others_go_on() {
    let broken = fallible(OpDef::builder("broken"), 0, |_, _| Err(Failure::new("disk full")));
    let (load, other) = (sum("load", 1), sum("other", 0));
    let job = job(1, || {
        let broken = call(&broken, &[]);
        let loaded = call(&load, &[broken]);
        call(&load, &[loaded]);
        call(&other, &[]);
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START broken
    1 STEP_FAILURE broken: disk full
    1 STEP_SKIPPED load: broken failed
    1 STEP_SKIPPED load_2: broken failed
    1 STEP_START other waited 1s
    2 STEP_OUTPUT other
    2 STEP_SUCCESS other
    2 RUN_FAILURE 1, first broken
    "#);
}

#[test]
fn of_a_failure_and_an_absence_the_failure_is_named() {
    let absent = filter("absent", |_| false);
    let broken = fallible(OpDef::builder("broken"), 0, |_, _| Err(Failure::new("disk full")));
    let (zero, join) = (sum("zero", 0), sum("join", 2));
    let job = job(1, || {
        let absent = call_maybe(&absent, &[call(&zero, &[])]);
        let broken = call(&broken, &[]);
        call(&join, &[absent, broken]);
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_SKIPPED join: broken failed"), "{story}");
}

/// Items that pass `keep`, counted.
fn kept(n: i64, keep: impl Fn(i64) -> bool + Send + Sync + 'static) -> Job {
    let (pages, keep, report) = (source("pages", n), filter("keep", keep), count("report"));
    job(1, || {
        let kept = call_many(&pages, &[]).map(|page| call_maybe(&keep, &[page]));
        Call::of(&report).input::<Vec<i64>>(kept.collect()).place::<Plain>()
    })
}

#[test]
fn skipped_items_drop_out_of_a_collect() {
    assert_snapshot!(Play::new(&kept(3, |x| x != 1)).story(), @r#"
    0 RUN_START
    0 STEP_START pages
    2 STEP_OUTPUT pages 0
    2 STEP_START keep[0]
    3 STEP_OUTPUT keep[0]
    3 STEP_SUCCESS keep[0]
    4 STEP_OUTPUT pages 1
    4 STEP_START keep[1]
    5 STEP_SUCCESS keep[1]
    6 STEP_OUTPUT pages 2
    6 STEP_START keep[2]
    7 STEP_OUTPUT keep[2]
    7 STEP_SUCCESS keep[2]
    8 STREAM_CLOSED pages 3
    8 STEP_SUCCESS pages
    8 STEP_START report
    8 STEP_INPUT report xs of 2
    9 STEP_OUTPUT report
    9 STEP_SUCCESS report
    9 RUN_SUCCESS
    "#);
}

#[test]
fn if_all_items_are_skipped_so_is_the_collector() {
    let story = Play::new(&kept(2, |_| false)).story();
    assert!(story.contains("STEP_SKIPPED report: keep[0] left it out"), "{story}");
    assert!(story.ends_with("RUN_SUCCESS\n"), "{story}");
}

#[test]
fn an_empty_fan_out_collects_to_empty() {
    let story = Play::new(&kept(0, |_| true)).story();
    assert!(story.contains("STEP_INPUT report xs of 0"), "{story}");
}

#[test]
fn a_failed_item_skips_the_collector_and_the_other_items_go_on() {
    let odd = fallible(OpDef::builder("odd"), 1, |_, x| if x == 1 { Err("one".into()) } else { Ok(x) });
    let (pages, report) = (source("pages", 3), count("report"));
    let job = job(1, || {
        let odd = call_many(&pages, &[]).map(|page| call(&odd, &[page]));
        Call::of(&report).input::<Vec<i64>>(odd.collect()).place::<Plain>()
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_SUCCESS odd[2]"), "{story}");
    assert!(story.contains("STEP_SKIPPED report: odd[1] failed"), "{story}");
}

#[test]
fn collect_results_takes_failures_as_elements_and_leaves_skips_out() {
    let inner = fallible(OpDef::builder("inner"), 1, |_, x| if x == 2 { Err("two".into()) } else { Ok(x) });
    let (pages, keep, outer) = (source("pages", 4), filter("keep", |x| x != 1), sum("outer", 1));
    let report = OpDef::builder("report")
        .input::<Vec<Keyed<Result<i64, StepFailure>>>>("xs")
        .returns::<One<i64, 0>>()
        .blocking(|mut args| {
            let all = args.take::<Vec<Keyed<Result<i64, StepFailure>>>>(0)?;
            let told: Vec<_> = all
                .iter()
                .map(|item| match &item.value {
                    Ok(x) => format!("{}={x}", item.key),
                    Err(failure) => format!("{}={failure}", item.key),
                })
                .collect();
            // The story shows what the collector was given.
            Err(Failure::new(told.join(", ")))
        })
        .into();
    let job = job(1, || {
        let all =
            call_many(&pages, &[]).map(|page| call(&outer, &[call(&inner, &[call_maybe(&keep, &[page])])]));
        Call::of(&report)
            .input::<Vec<Keyed<Result<i64, StepFailure>>>>(all.collect_results())
            .place::<One<i64, 0>>();
    });
    let story = Play::new(&job).story();
    assert_snapshot!(story.lines().find(|line| line.contains("FAILURE report")).unwrap(), @"16 STEP_FAILURE report: 0=0, 2=`inner[2]` failed: two, 3=3");
}

#[test]
fn of_a_fan_in_skipped_elements_are_left_out_unless_all_are() {
    let (zero, keep, report) = (sum("zero", 0), filter("keep", |x| x > 0), count("report"));
    let one = fallible(OpDef::builder("one"), 0, |_, _| Ok(1));
    let job = job(1, || {
        let (zero, one) = (call(&zero, &[]), call(&one, &[]));
        let absent = call_maybe(&keep, &[zero]).named("absent");
        let present = call_maybe(&keep, &[one]).named("present");
        Call::of(&report).input::<Vec<i64>>([absent, present, one]).place::<Plain>().named("some");
        Call::of(&report).input::<Vec<i64>>([absent, absent]).place::<Plain>().named("none");
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_INPUT some xs of 2"), "{story}");
    assert!(story.contains("STEP_SKIPPED none: absent left it out"), "{story}");
}

#[test]
fn a_fan_in_of_absent_and_failed_elements_failed_whichever_comes_first() {
    let broken = fallible(OpDef::builder("broken"), 0, |_, _| Err(Failure::new("disk full")));
    let (zero, keep, report) = (sum("zero", 0), filter("keep", |_| false), count("report"));
    let job = job(1, || {
        let absent = call_maybe(&keep, &[call(&zero, &[])]);
        let broken = call(&broken, &[]);
        Call::of(&report).input::<Vec<i64>>([absent, broken]).place::<Plain>().named("absent_first");
        Call::of(&report).input::<Vec<i64>>([broken, absent]).place::<Plain>().named("broken_first");
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_SKIPPED absent_first: broken failed"), "{story}");
    assert!(story.contains("STEP_SKIPPED broken_first: broken failed"), "{story}");
}

#[test]
fn collects_of_collects_leave_out_rows_whose_cells_were_all_skipped() {
    let rows = source("rows", 3);
    let cells = numbers("cells", 1)
        .returns::<Many>()
        .blocking(|mut args| {
            // Row 0 has no cells, row 1 only cells that are left out, row 2 one of each.
            let row = args.take::<i64>(0)?;
            Ok(Dynamic::from_values(match row {
                0 => vec![],
                1 => vec![1, 1],
                _ => vec![1, 2],
            }))
        })
        .into();
    let keep = filter("keep", |x| x > 1);
    let report = OpDef::builder("report")
        .input::<Vec<Vec<i64>>>("rows")
        .returns::<One<i64, 0>>()
        .blocking(|mut args| Err(Failure::new(format!("{:?}", args.take::<Vec<Vec<i64>>>(0)?))))
        .into();
    let job = job(1, || {
        let kept =
            call_many(&rows, &[]).map(|row| call_many(&cells, &[row]).map(|cell| call_maybe(&keep, &[cell])));
        Call::of(&report).input::<Vec<Vec<i64>>>(kept.collect().collect()).place::<One<i64, 0>>();
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_FAILURE report: [[], [2]]"), "{story}");
}

#[test]
fn a_skipped_source_skips_its_map_and_its_collectors() {
    let (zero, keep, report) = (sum("zero", 0), filter("keep", |_| false), count("report"));
    let cells = numbers("cells", 1)
        .returns::<Many>()
        .blocking(|mut args| Ok(Dynamic::from_values(0..args.take::<i64>(0)?)))
        .into();
    let work = sum("work", 1);
    let job = job(1, || {
        let kept = call_maybe(&keep, &[call(&zero, &[])]);
        let done = call_many(&cells, &[kept]).map(|cell| call(&work, &[cell]));
        Call::of(&report).input::<Vec<i64>>(done.collect()).place::<Plain>();
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START zero
    1 STEP_OUTPUT zero
    1 STEP_SUCCESS zero
    1 STEP_START keep
    2 STEP_SUCCESS keep
    2 STEP_SKIPPED cells: keep left it out
    2 STEP_SKIPPED report: keep left it out
    2 RUN_SUCCESS
    "#);
}

#[test]
fn a_failed_source_skips_its_collector_and_keeps_what_was_mapped() {
    let pages = keyed(OpDef::builder("pages"), |_| vec![Ok("a"), Err("torn page"), Ok("c")]);
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
    4 STEP_FAILURE pages: torn page
    4 STEP_SKIPPED report: pages failed
    4 RUN_FAILURE 1, first pages
    "#);
}

#[test]
fn one_of_several_outputs_may_be_absent() {
    let split = OpDef::builder("split")
        .returns::<(One<Optional<i64>, 1>, One<Optional<i64>, 1>)>()
        .blocking(|_| Ok((Optional::some(1), Optional::none())))
        .into();
    let work = sum("work", 1);
    let job = job(1, || {
        let (some, none) = Call::of(&split).place::<(One<Optional<i64>, 1>, One<Optional<i64>, 1>)>();
        call(&work, &[some]).named("with_some");
        call(&work, &[none]).named("with_none");
    });
    let story = Play::new(&job).story();
    assert!(story.contains("STEP_SUCCESS with_some"), "{story}");
    assert!(story.contains("STEP_SKIPPED with_none: split left it out"), "{story}");
}

#[test]
fn what_comes_after_a_failed_or_skipped_step_is_skipped() {
    let broken = fallible(OpDef::builder("broken"), 0, |_, _| Err(Failure::new("disk full")));
    let work = sum("work", 0);
    let job = job(1, || {
        let broken = call(&broken, &[]);
        let next = call(&work, &[]).after(broken);
        call(&work, &[]).after(next);
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START broken
    1 STEP_FAILURE broken: disk full
    1 STEP_SKIPPED work: broken failed
    1 STEP_SKIPPED work_2: broken failed
    1 RUN_FAILURE 1, first broken
    "#);
}
