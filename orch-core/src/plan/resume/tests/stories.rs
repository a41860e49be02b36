use insta::assert_snapshot;

use super::*;
use crate::graph::Handle as _;

/// `a` → `b` → `c` → `d`
fn chain() -> Job {
    job(|| step("d", &[step("c", &[step("b", &[step("a", &[])])])]))
}

#[test]
fn what_has_ended_stays_and_what_was_under_way_runs_again() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    done(&mut log, "b");
    log.start("c");
    assert_snapshot!(taken_up(&chain(), &log, &[]), @r"
    stays: a, b
    interrupted: c
    asked for: b
    ");
}

#[test]
fn what_is_needed_and_cannot_be_read_is_made_anew_as_far_back_as_it_takes() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    done(&mut log, "b");
    log.start("c");
    assert_snapshot!(taken_up(&chain(), &log, &["b"]), @r"
    stays: a
    interrupted: c
    lost: b
    asked for: b, a
    ");
    assert_snapshot!(taken_up(&chain(), &log, &["*"]), @r"
    interrupted: c
    lost: a, b
    asked for: b, a
    ");
    assert_snapshot!(taken_up(&chain(), &log, &["a"]), @r"
    stays: a, b
    interrupted: c
    asked for: b
    ");
}

#[test]
fn nothing_is_asked_for_when_nothing_runs() {
    let mut log = Log::new("job", &[]);
    ["a", "b", "c", "d"].iter().for_each(|name| done(&mut log, name));
    assert_snapshot!(taken_up(&chain(), &log, &["*"]), @"stays: a, b, c, d");
}

#[test]
fn what_waits_for_its_next_attempt_goes_on_waiting() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    log.start("b").retry("b", 1, "no route", 1000);
    assert_snapshot!(taken_up(&chain(), &log, &["a"]), @r"
    lost: a
    waits: b
    asked for: a
    ");
}

#[test]
fn what_was_lost_before_and_has_not_run_since_runs() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    done(&mut log, "b");
    log.start("c").resumed().interrupted("c", 1).lost("b", 1);
    assert_snapshot!(taken_up(&chain(), &log, &[]), @r"
    stays: a
    waits: b, c
    asked for: a
    ");
}

/// `extract` → `trim` and `load` with what `setup` gives, for each item → `sum`
fn pages() -> Job {
    job(|| {
        let setup = step("setup", &[]);
        let loaded = source("extract", &[]).map(|page| step("load", &[step("trim", &[page]), setup]));
        sum("sum", loaded.collect());
    })
}

#[test]
fn of_a_map_only_those_copies_run_that_have_not_ended() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    emitted(&mut log, "extract", &["a", "b"]);
    ["trim[a]", "load[a]", "trim[b]"].iter().for_each(|name| done(&mut log, name));
    log.start("load[b]");
    // The collect needs all of them; nobody needs the items, or `trim[a]`.
    assert_snapshot!(taken_up(&pages(), &log, &[]), @r"
    stays: extract, load[a], setup, trim[a], trim[b]
    interrupted: load[b]
    asked for: trim[b], setup, load[a]
    ");
    assert_snapshot!(taken_up(&pages(), &log, &["trim[b]"]), @r"
    stays: extract, load[a], setup, trim[a]
    interrupted: load[b]
    lost: trim[b]
    asked for: trim[b], setup, load[a], extract: b
    ");
    assert_snapshot!(taken_up(&pages(), &log, &["load[a]", "trim[a]", "extract: a"]), @r"
    stays: setup, trim[b]
    interrupted: load[b]
    lost: extract, load[a], trim[a]
    asked for: trim[b], setup, load[a], trim[a], extract: a
    ");
}

#[test]
fn an_item_that_is_needed_has_its_source_emit_anew_and_the_others_stay_done() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    emitted(&mut log, "extract", &["a", "b"]);
    ["trim[a]", "load[a]"].iter().for_each(|name| done(&mut log, name));
    // The stream was closed, so there are no copies to come that could need `setup` but `load[b]`.
    assert_snapshot!(taken_up(&pages(), &log, &["extract: a", "extract: b"]), @r"
    stays: load[a], setup, trim[a]
    lost: extract
    asked for: extract: b, setup, load[a]
    ");
}

#[test]
fn a_source_that_was_cut_off_runs_again_and_needs_what_its_items_yet_to_come_take() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    log.start("extract").item("extract", "a");
    ["trim[a]", "load[a]"].iter().for_each(|name| done(&mut log, name));
    assert_snapshot!(taken_up(&pages(), &log, &["*"]), @r"
    interrupted: extract
    lost: load[a], setup, trim[a]
    asked for: setup, load[a], trim[a]
    ");
    // As does one that has not begun.
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    assert_snapshot!(taken_up(&pages(), &log, &["*"]), @r"
    lost: setup
    asked for: setup
    ");
}

#[test]
fn orphans_are_not_collected_and_yet_run_to_their_end() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    log.start("extract").item("extract", "a").retry("extract", 1, "no", 0).restart("extract", 2);
    log.push(Some("extract"), 2, EventKind::StepOutput { output: "result".into(), key: Some("b".into()) });
    let orphans = vec!["a".into()];
    let closed = EventKind::StreamClosed { output: "result".into(), count: 1, orphaned: 1, orphans };
    log.push(Some("extract"), 2, closed).success("extract", 2);
    ["trim[a]", "load[a]", "trim[b]", "load[b]"].iter().for_each(|name| done(&mut log, name));
    assert_snapshot!(taken_up(&pages(), &log, &[]), @r"
    stays: extract, load[a], load[b], setup, trim[a], trim[b]
    asked for: load[b]
    ");
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    log.start("extract").item("extract", "a");
    let orphans = vec!["a".into()];
    let closed = EventKind::StreamClosed { output: "result".into(), count: 0, orphaned: 1, orphans };
    log.push(Some("extract"), 1, closed).success("extract", 1);
    done(&mut log, "trim[a]");
    assert_snapshot!(taken_up(&pages(), &log, &[]), @r"
    stays: extract, setup, trim[a]
    asked for: trim[a], setup
    ");
}

#[test]
fn the_fixpoint_goes_through_maps_within_maps() {
    // For each row its cells, of each cell `f`, of each row the sum, of all rows the sum of sums.
    let job = job(|| {
        let setup = step("setup", &[]);
        let sums = source("rows", &[setup]).map(|row| {
            let cells = source("cells", &[row]).map(|cell| step("f", &[cell, row]));
            sum("row", cells.collect())
        });
        sum("all", sums.collect());
    });
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    emitted(&mut log, "rows", &["1", "2"]);
    for row in ["1", "2"] {
        emitted(&mut log, &format!("cells[{row}]"), &["x", "y"]);
        ["x", "y"].iter().for_each(|cell| done(&mut log, &format!("f[{row}][{cell}]")));
        done(&mut log, &format!("row[{row}]"));
    }
    assert_snapshot!(taken_up(&job, &log, &[]), @r"
    stays: cells[1], cells[2], f[1][x], f[1][y], f[2][x], f[2][y], row[1], row[2], rows, setup
    asked for: row[1], row[2]
    ");
    assert_snapshot!(taken_up(&job, &log, &["row[1]", "f[1][x]", "cells[1]: x", "rows: 1", "setup"]), @r"
    stays: cells[2], f[1][y], f[2][x], f[2][y], row[2]
    lost: cells[1], f[1][x], row[1], rows, setup
    asked for: row[1], row[2], f[1][x], f[1][y], cells[1]: x, rows: 1, setup
    ");
    assert_snapshot!(taken_up(&job, &log, &["row[2]", "f[2][y]"]), @r"
    stays: cells[1], cells[2], f[1][x], f[1][y], f[2][x], row[1], rows, setup
    lost: f[2][y], row[2]
    asked for: row[1], row[2], f[2][x], f[2][y], cells[2]: y, rows: 2
    ");
}

#[test]
fn a_list_needs_those_of_its_elements_that_there_are() {
    let job = job(|| sum("sum", [step("a", &[]), maybe("b"), step("c", &[])]));
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    log.start("b").success("b", 1);
    done(&mut log, "c");
    assert_snapshot!(taken_up(&job, &log, &["c"]), @r"
    stays: a, b
    lost: c
    asked for: a, c
    ");
}

#[test]
fn what_will_be_skipped_needs_nothing() {
    // `a` failed while `c` still waited for `b`.
    let job = job(|| {
        let (a, b, given) = (step("a", &[]), step("b", &[]), step("given", &[]));
        step("d", &[step("c", &[a, b, given])]);
        step("late", &[given]).after(a);
    });
    let mut log = Log::new("job", &[]);
    done(&mut log, "given");
    log.start("a").start("b").failure("a", 1, "no");
    assert_snapshot!(taken_up(&job, &log, &["*"]), @r"
    stays: a, given
    interrupted: b
    asked for: given
    ");
}

#[test]
fn a_step_that_was_skipped_stays_skipped_when_its_cause_runs_again() {
    let job = job(|| {
        let a = maybe("a");
        let b = step("b", &[]);
        step("c", &[a]);
        step("d", &[b]);
    });
    let mut log = Log::new("job", &[]);
    log.start("a").success("a", 1);
    log.push(Some("c"), 0, EventKind::StepSkipped { cause: SkipCause::Absent("a".parse().expect("a path")) });
    done(&mut log, "b");
    assert_snapshot!(taken_up(&job, &log, &["*"]), @r"
    stays: a, c
    lost: b
    asked for: b
    ");
}

#[test]
fn of_a_run_that_is_being_canceled_nothing_is_needed() {
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    log.start("b").push(None, 0, EventKind::RunCanceling);
    assert_snapshot!(taken_up(&chain(), &log, &["*"]), @r"
    stays: a
    interrupted: b
    ");
}
