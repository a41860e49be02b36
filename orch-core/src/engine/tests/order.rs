//! Golden schedules: what starts at which second, in the order in which slots are given out. `source..` is a pull.

use insta::assert_snapshot;

use super::fixture::{Many, Plain, breadth_first, call, call_many, count, job, numbers, source, sum};
use super::play::Play;
use crate::define::Dynamic;
use crate::engine::Settings;
use crate::graph::{Call, Handle as _, Job};

/// Four items through two steps, and a step for all of them.
fn fan(slots: usize) -> Job {
    let (pages, clean, load, report) = (source("pages", 4), sum("clean", 1), sum("load", 1), count("report"));
    job(slots, || {
        let loaded = call_many(&pages, &[]).map(|page| call(&load, &[call(&clean, &[page])]));
        Call::of(&report).input::<Vec<i64>>(loaded.collect()).place::<Plain>()
    })
}

#[test]
fn depth_first_finishes_a_branch_before_the_next_begins() {
    assert_snapshot!(Play::new(&fan(1)).schedule(), @r#"
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
    11 | clean[3]
    12 | load[3]
    13 | pages..
    14 | report
    "#);
}

#[test]
fn two_slots_pull_ahead_of_the_branches_that_are_under_way() {
    assert_snapshot!(Play::new(&fan(2)).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | clean[0] pages..
    3 | load[0] clean[1]
    4 | pages.. load[1]
    5 | clean[2] pages..
    6 | load[2] clean[3]
    7 | pages.. load[3]
    8 | report
    "#);
}

#[test]
fn eight_slots_leave_only_the_source_to_wait_for() {
    assert_snapshot!(Play::new(&fan(8)).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | clean[0] pages..
    3 | load[0] clean[1] pages..
    4 | load[1] clean[2] pages..
    5 | load[2] clean[3] pages..
    6 | load[3]
    7 | report
    "#);
}

#[test]
fn breadth_first_pulls_as_far_as_it_may_before_anything_else() {
    assert_snapshot!(Play::with(&fan(1), breadth_first).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | pages..
    3 | clean[0]
    4 | clean[1]
    5 | load[0]
    6 | pages..
    7 | clean[2]
    8 | load[1]
    9 | pages..
    10 | clean[3]
    11 | load[2]
    12 | pages..
    13 | load[3]
    14 | report
    "#);
}

#[test]
fn breadth_first_with_room_for_all_items_goes_layer_by_layer() {
    let layers = Play::with(&fan(2), |settings| Settings { max_in_flight: 100, ..breadth_first(settings) });
    assert_snapshot!(layers.schedule(), @r#"
    0 | pages
    1 | pages..
    2 | pages.. clean[0]
    3 | pages.. clean[1]
    4 | pages.. clean[2]
    5 | pages.. clean[3]
    6 | load[0] load[1]
    7 | load[2] load[3]
    8 | report
    "#);
}

#[test]
fn a_higher_priority_goes_before_depth_and_equal_ones_in_the_order_of_definition() {
    let (first, wide) = (sum("first", 0), sum("wide", 0));
    let deep = sum("deep", 1);
    let job = job(1, || {
        let start = call(&first, &[]);
        call(&wide, &[]).named("low").priority(-1);
        call(&wide, &[]).named("normal");
        call(&wide, &[]).named("high").priority(5);
        call(&wide, &[]).named("high_too").priority(5);
        call(&deep, &[start]).named("deep_and_low").priority(-2);
        call(&deep, &[start]);
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | high
    1 | high_too
    2 | first
    3 | deep
    4 | normal
    5 | low
    6 | deep_and_low
    "#);
}

#[test]
fn falling_priorities_make_a_map_go_layer_by_layer() {
    let (pages, clean, load) = (source("pages", 3), sum("clean", 1), sum("load", 1));
    let job = job(1, || {
        call_many(&pages, &[]).priority(2).map(|page| call(&load, &[call(&clean, &[page]).priority(1)]));
    });
    assert_snapshot!(Play::new(&job).schedule(), @r#"
    0 | pages
    1 | pages..
    2 | pages..
    3 | clean[0]
    4 | clean[1]
    5 | load[0]
    6 | pages..
    7 | clean[2]
    8 | load[1]
    9 | pages..
    10 | load[2]
    "#);
}

/// Each of two rows has two cells; a step for each cell, and one for each row that needs no cell.
fn nested(slots: usize) -> Job {
    let rows = source("rows", 2);
    let cells = numbers("cells", 1).returns::<Many>().blocking(|mut args| {
        let row = args.take::<i64>(0)?;
        Ok(Dynamic::from_values([10 * row, 10 * row + 1]))
    });
    let (cells, weigh, note) = (cells.into(), sum("weigh", 1), sum("note", 1));
    job(slots, || {
        call_many(&rows, &[]).map(|row| {
            call_many(&cells, &[row]).map(|cell| call(&weigh, &[cell]));
            call(&note, &[row]);
        });
    })
}

#[test]
fn among_equals_the_older_branch_of_the_outermost_map_goes_first() {
    assert_snapshot!(Play::new(&nested(1)).schedule(), @r#"
    0 | rows
    1 | rows..
    2 | cells[0]
    3 | cells[0]..
    4 | weigh[0][0]
    5 | cells[0]..
    6 | weigh[0][1]
    7 | cells[0]..
    8 | note[0]
    9 | rows..
    10 | cells[1]
    11 | cells[1]..
    12 | weigh[1][0]
    13 | cells[1]..
    14 | weigh[1][1]
    15 | cells[1]..
    16 | note[1]
    17 | rows..
    "#);
    assert_snapshot!(Play::new(&nested(2)).schedule(), @r#"
    0 | rows
    1 | rows..
    2 | cells[0] note[0]
    3 | cells[0].. rows..
    4 | weigh[0][0] cells[0]..
    5 | cells[1] weigh[0][1]
    6 | cells[0].. cells[1]..
    7 | note[1] weigh[1][0]
    8 | cells[1].. rows..
    9 | weigh[1][1] cells[1]..
    "#);
    assert_snapshot!(Play::new(&nested(8)).schedule(), @r#"
    0 | rows
    1 | rows..
    2 | cells[0] note[0] rows..
    3 | cells[0].. cells[1] note[1] rows..
    4 | weigh[0][0] cells[0].. cells[1]..
    5 | weigh[0][1] cells[0].. weigh[1][0] cells[1]..
    6 | weigh[1][1] cells[1]..
    "#);
}

#[test]
fn nested_maps_breadth_first() {
    assert_snapshot!(Play::with(&nested(2), breadth_first).schedule(), @r#"
    0 | rows
    1 | rows..
    2 | rows.. cells[0]
    3 | rows.. cells[0]..
    4 | note[0] cells[0]..
    5 | cells[1] cells[0]..
    6 | cells[1].. note[1]
    7 | cells[1].. weigh[0][0]
    8 | cells[1].. weigh[0][1]
    9 | weigh[1][0] weigh[1][1]
    "#);
}

/// A diamond with a slow side.
fn diamond(slots: usize) -> Job {
    let (top, side, bottom) = (sum("top", 0), sum("side", 1), sum("bottom", 2));
    job(slots, || {
        let top = call(&top, &[]);
        let slow = call(&side, &[top]).named("slow").tag("cost", 3);
        let quick = call(&side, &[top]).named("quick");
        let quick = call(&side, &[quick]).named("quick_too");
        call(&bottom, &[slow, quick]);
    })
}

#[test]
fn a_diamond_waits_for_its_slow_side() {
    assert_snapshot!(Play::new(&diamond(1)).schedule(), @r#"
    0 | top
    1 | slow
    4 | quick
    5 | quick_too
    6 | bottom
    "#);
    assert_snapshot!(Play::new(&diamond(2)).schedule(), @r#"
    0 | top
    1 | slow quick
    2 | quick_too
    4 | bottom
    "#);
    assert_snapshot!(Play::new(&diamond(8)).schedule(), @r#"
    0 | top
    1 | slow quick
    2 | quick_too
    4 | bottom
    "#);
}
