use super::*;
use crate::event::EventKind;
use crate::event::sample::{Log, path, pokemon};

fn told(log: &Log, detail: Detail) -> String {
    summary(&RunView::of(detail, log.events()), Palette::Plain)
}

#[test]
fn a_failed_run_ends_with_its_errors() {
    insta::assert_snapshot!(told(&pokemon(), Detail::Steps), @r"
    ────────────
         Failure [    2.5s] pokemon: 8 steps: 5 succeeded (1 after a retry), 1 failed, 2 skipped
          Failed [   250ms] select[200]
                 cannot parse page
                   caused by: invalid digit found in string
         Slowest [    2.0s] load[100]
                 [   400ms] extract_pages
                 [   300ms] load[0]
                 [   250ms] select[100]
                 [   250ms] select[200]
    ");
}

#[test]
fn a_good_run_ends_with_one_line() {
    let mut log = Log::new("hello", &["greet"]);
    log.start("greet").at(12).success("greet", 1).run_success();
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
         Success [    12ms] hello: 1 step: 1 succeeded
    ");
}

#[test]
fn a_canceled_run_names_what_may_still_run() {
    let mut log = Log::new("stubborn", &["a", "b"]);
    log.start("a").at(5000).push(None, 0, EventKind::RunCanceling);
    log.at(9000).push(None, 0, EventKind::RunCanceled { detached: vec![path("a")] });
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
        Canceled [    9.0s] stubborn: 1 of 2 steps: 1 canceled
        Detached a did not end in time and may still be running
    ");
}

#[test]
fn a_canceled_run_counts_what_it_did_not_come_to() {
    let mut log = Log::new("many", &["a", "b over a", "c"]);
    log.start("a").item("a", "0").item("a", "1").start("b[0]").success("b[0]", 1);
    log.at(2000).push(None, 0, EventKind::RunCanceling);
    log.push(None, 0, EventKind::RunCanceled { detached: Vec::new() });
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
        Canceled [    2.0s] many: 2 of 4 steps: 1 succeeded, 1 canceled
    ");
}

#[test]
fn too_many_failures_are_counted() {
    let mut log = Log::new("bad", &["a", "f over a"]);
    for key in 0..150 {
        let step = format!("f[{key}]");
        log.start(&step).failure(&step, 1, "no: disk");
    }
    let text = told(&log, Detail::Counts);
    assert!(text.ends_with("… and 50 more steps failed\n"), "{text}");
}
