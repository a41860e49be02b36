//! Values that cannot be read, of steps that do not run again.

use insta::assert_snapshot;

use super::*;

#[test]
fn items_of_a_source_that_failed_cannot_be_made_anew() {
    let job = job(|| {
        let loaded = source("extract", &[]).map(|page| step("load", &[step("trim", &[page])]));
        sum("sum", loaded.collect());
    });
    let mut log = Log::new("job", &[]);
    log.start("extract").item("extract", "a").item("extract", "b").item("extract", "c");
    log.failure("extract", 1, "no route").skip("sum", "extract");
    done(&mut log, "trim[a]");
    // What can be read goes on; `trim[a]` cannot run again, so that `load[a]` will be skipped as if it had waited for it.
    assert_snapshot!(taken_up(&job, &log, &[]), @r"
    stays: extract, sum, trim[a]
    asked for: extract: b, extract: c, trim[a]
    ");
    assert_snapshot!(taken_up(&job, &log, &["trim[a]", "extract: a", "extract: b"]), @r"
    stays: extract, sum, trim[a]
    asked for: extract: b, extract: c, trim[a], extract: a
    gone: extract: b, Failed(extract)
    gone: trim[a], Failed(extract)
    gone: extract: a, Failed(extract)
    ");
    assert_snapshot!(taken_up(&job, &log, &["trim[a]"]), @r"
    stays: extract, sum
    lost: trim[a]
    asked for: extract: b, extract: c, trim[a], extract: a
    ");
}

#[test]
fn what_only_a_step_that_cannot_run_would_need_is_not_made_anew() {
    let job = job(|| {
        let (far, near) = (step("far", &[]), step("near", &[]));
        source("extract", &[]).map(|page| {
            let trim = step("trim", &[page, far]);
            step("load", &[trim, near])
        });
    });
    let mut log = Log::new("job", &[]);
    done(&mut log, "far");
    done(&mut log, "near");
    log.start("extract").item("extract", "a").failure("extract", 1, "no route");
    done(&mut log, "trim[a]");
    assert_snapshot!(taken_up(&job, &log, &["*"]), @r"
    stays: extract, far, near, trim[a]
    asked for: trim[a], near, extract: a, far
    gone: trim[a], Failed(extract)
    gone: extract: a, Failed(extract)
    ");
    // With an item that can be read all of it runs.
    assert_snapshot!(taken_up(&job, &log, &["far", "near", "trim[a]"]), @r"
    stays: extract
    lost: far, near, trim[a]
    asked for: trim[a], near, extract: a, far
    ");
}

#[test]
fn a_source_within_that_cannot_run_again_gives_what_it_has_left() {
    let job = job(|| {
        source("rows", &[]).map(|row| {
            source("cells", &[row]).map(|cell| step("f", &[cell]));
        });
    });
    let mut log = Log::new("job", &[]);
    log.start("rows").item("rows", "1").failure("rows", 1, "no route");
    log.start("cells[1]").item("cells[1]", "x").item("cells[1]", "y");
    assert_snapshot!(taken_up(&job, &log, &["rows: 1", "cells[1]: x"]), @r"
    stays: rows
    interrupted: cells[1]
    asked for: rows: 1, cells[1]: x, cells[1]: y
    gone: rows: 1, Failed(rows)
    gone: cells[1]: x, Failed(rows)
    ");
}
