//! Sources of several streams, and sources inside maps.

use insta::assert_snapshot;

use super::fixture::{Many, Plain, call, call_many, count, in_flight, job, numbers, source, sum};
use super::play::Play;
use crate::define::{Dynamic, One, OpDef, Retry};
use crate::failure::Failure;
use crate::graph::{Call, Handle as _, Job};

type Two = (One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>);

#[test]
fn the_same_key_in_two_outputs_is_two_items() {
    let both = OpDef::builder("both")
        .returns::<Two>()
        .blocking(|_| Ok((Dynamic::from_iter([("a", 1)]), Dynamic::from_iter([("a", 2)]))))
        .into();
    let (small, large) = (sum("small", 1), sum("large", 1));
    let job = job(1, || {
        let (left, right) = Call::of(&both).place::<Two>();
        left.map(|item| call(&small, &[item]));
        right.map(|item| call(&large, &[item]));
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START both
    2 STEP_OUTPUT both output_0 a
    2 STEP_START small[a]
    3 STEP_OUTPUT small[a]
    3 STEP_SUCCESS small[a]
    4 STREAM_CLOSED both output_0 1
    5 STEP_OUTPUT both output_1 a
    5 STEP_START large[a]
    6 STEP_OUTPUT large[a]
    6 STEP_SUCCESS large[a]
    7 STREAM_CLOSED both output_1 1
    7 STEP_SUCCESS both
    7 RUN_SUCCESS
    "#);
}

/// A source of two streams, of which the first fails at once.
fn uneven(slots: usize, retry: u32) -> Job {
    let both = OpDef::builder("both")
        .retry(Retry::new(retry))
        .returns::<Two>()
        .blocking(|args| {
            let first = args.context().attempt() == 1;
            let broken = if first { vec![Err("torn page")] } else { vec![Ok(1)] };
            let broken = broken.into_iter().map(|item| item.map_err(Failure::from));
            Ok((Dynamic::try_from_values(broken), Dynamic::from_values(0..2)))
        })
        .into();
    let (left, right, report) = (sum("left", 1), sum("right", 1), count("report"));
    job(slots, || {
        let (broken, whole) = Call::of(&both).place::<Two>();
        broken.map(|item| call(&left, &[item]));
        let whole = whole.map(|item| call(&right, &[item]));
        Call::of(&report).input::<Vec<i64>>(whole.collect()).place::<Plain>();
    })
}

#[test]
fn when_one_stream_fails_the_pull_of_the_other_gives_its_slot_back_once() {
    let mut play = Play::new(&uneven(2, 1));
    play.play();
    assert_eq!(play.most_running, 2);
    // The other stream's pull was under way: it is given up, and its late item changes nothing.
    assert_eq!(play.aborted.len(), 1);
    assert_snapshot!(play.told(), @r#"
    0 RUN_START
    0 STEP_START both
    2 STEP_UP_FOR_RETRY both in 0ns: torn page
    2 STEP_RESTARTED both #2
    4 STEP_OUTPUT both #2 output_0 0
    4 STEP_START left[0]
    4 STEP_OUTPUT both #2 output_1 0
    4 STEP_START right[0]
    5 STEP_OUTPUT left[0]
    5 STEP_SUCCESS left[0]
    5 STEP_OUTPUT right[0]
    5 STEP_SUCCESS right[0]
    6 STREAM_CLOSED both #2 output_0 1
    6 STEP_OUTPUT both #2 output_1 1
    6 STEP_START right[1]
    7 STEP_OUTPUT right[1]
    7 STEP_SUCCESS right[1]
    7 STREAM_CLOSED both #2 output_1 2
    7 STEP_SUCCESS both #2
    7 STEP_START report
    7 STEP_INPUT report xs of 2
    8 STEP_OUTPUT report
    8 STEP_SUCCESS report
    8 RUN_SUCCESS
    "#);
}

#[test]
fn when_one_stream_fails_for_good_the_other_is_closed_too() {
    assert_snapshot!(Play::new(&uneven(1, 0)).story(), @r#"
    0 RUN_START
    0 STEP_START both
    2 STEP_FAILURE both: torn page
    2 STEP_SKIPPED report: both failed
    2 RUN_FAILURE 1, first both
    "#);
}

#[test]
fn a_stream_that_has_ended_is_complete_even_if_another_of_its_source_fails_later() {
    let both = OpDef::builder("both")
        .returns::<Two>()
        .blocking(|_| {
            let broken = [Ok(1), Ok(2), Err(Failure::new("torn page"))];
            Ok((Dynamic::from_values([7]), Dynamic::try_from_values(broken)))
        })
        .into();
    let (left, right, report) = (sum("left", 1), sum("right", 1), count("report"));
    let story = |cost: u64| {
        let job = job(4, || {
            let (whole, broken) = Call::of(&both).place::<Two>();
            let whole = whole.map(|item| call(&left, &[item]).tag("cost", cost));
            broken.map(|item| call(&right, &[item]));
            Call::of(&report).input::<Vec<i64>>(whole.collect()).place::<Plain>();
        });
        Play::new(&job).story()
    };
    // The end of the stream is recorded either way; that its items take longer must not matter.
    for story in [story(1), story(9)] {
        assert!(story.contains("STREAM_CLOSED both output_0 1"), "{story}");
        assert!(story.contains("STEP_SUCCESS report"), "{story}");
    }
}

#[test]
fn a_source_inside_a_map_opens_once_for_each_item() {
    let rows = source("rows", 3);
    let cells = numbers("cells", 1)
        .returns::<Many>()
        .blocking(|mut args| Ok(Dynamic::from_values(0..args.take::<i64>(0)?)))
        .into();
    let (weigh, row_total, report) = (sum("weigh", 1), count("row_total"), count("report"));
    let job = job(1, || {
        let totals = call_many(&rows, &[]).map(|row| {
            let weights = call_many(&cells, &[row]).map(|cell| call(&weigh, &[cell]));
            Call::of(&row_total).input::<Vec<i64>>(weights.collect()).place::<Plain>()
        });
        Call::of(&report).input::<Vec<i64>>(totals.collect()).place::<Plain>();
    });
    assert_snapshot!(Play::new(&job).story(), @r#"
    0 RUN_START
    0 STEP_START rows
    2 STEP_OUTPUT rows 0
    2 STEP_START cells[0]
    4 STREAM_CLOSED cells[0] 0
    4 STEP_SUCCESS cells[0]
    4 STEP_START row_total[0]
    4 STEP_INPUT row_total[0] xs of 0
    5 STEP_OUTPUT row_total[0]
    5 STEP_SUCCESS row_total[0]
    6 STEP_OUTPUT rows 1
    6 STEP_START cells[1]
    8 STEP_OUTPUT cells[1] 0
    8 STEP_START weigh[1][0]
    9 STEP_OUTPUT weigh[1][0]
    9 STEP_SUCCESS weigh[1][0]
    10 STREAM_CLOSED cells[1] 1
    10 STEP_SUCCESS cells[1]
    10 STEP_START row_total[1]
    10 STEP_INPUT row_total[1] xs of 1
    11 STEP_OUTPUT row_total[1]
    11 STEP_SUCCESS row_total[1]
    12 STEP_OUTPUT rows 2
    12 STEP_START cells[2]
    14 STEP_OUTPUT cells[2] 0
    14 STEP_START weigh[2][0]
    15 STEP_OUTPUT weigh[2][0]
    15 STEP_SUCCESS weigh[2][0]
    16 STEP_OUTPUT cells[2] 1
    16 STEP_START weigh[2][1]
    17 STEP_OUTPUT weigh[2][1]
    17 STEP_SUCCESS weigh[2][1]
    18 STREAM_CLOSED cells[2] 2
    18 STEP_SUCCESS cells[2]
    18 STEP_START row_total[2]
    18 STEP_INPUT row_total[2] xs of 2
    19 STEP_OUTPUT row_total[2]
    19 STEP_SUCCESS row_total[2]
    20 STREAM_CLOSED rows 3
    20 STEP_SUCCESS rows
    20 STEP_START report
    20 STEP_INPUT report xs of 3
    21 STEP_OUTPUT report
    21 STEP_SUCCESS report
    21 RUN_SUCCESS
    "#);
}

#[test]
fn frames_are_used_again_and_what_waited_in_the_old_one_does_not_wake_in_the_new() {
    // `second` of a finished item must not start for the item that got its place.
    let both = OpDef::builder("both")
        .input::<i64>("x")
        .retry(Retry::new(1))
        .returns::<Two>()
        .blocking(|mut args| {
            let (x, attempt) = (args.take::<i64>(0)?, args.context().attempt());
            let torn = (x % 2 == 0 && attempt == 1).then(|| Err(Failure::new("torn page")));
            let items = [Ok(x)].into_iter().chain(torn);
            Ok((Dynamic::from_values([x, x]), Dynamic::try_from_values(items)))
        })
        .into();
    let (rows, work) = (source("rows", 6), sum("work", 1));
    let job = job(2, || {
        call_many(&rows, &[]).map(|row| {
            let (left, right) = Call::of(&both).input::<i64>(row).place::<Two>();
            left.map(|item| call(&work, &[item]).named("left"));
            right.map(|item| call(&work, &[item]).named("right"));
        });
    });
    let mut play = Play::with(&job, in_flight(2));
    play.play();
    let successes = |name: &str| {
        play.told().lines().filter(|line| line.contains(&format!("STEP_SUCCESS {name}"))).count()
    };
    assert_eq!((successes("left"), successes("right"), successes("both")), (12, 6, 6), "{}", play.told());
    assert!(play.told().ends_with("RUN_SUCCESS\n"));
}
