use super::*;
use crate::event::sample::{Log, path, pokemon, taken_up};
use crate::event::{EventKind, SkipCause};

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
fn a_canceled_run_names_what_did_not_end_in_time() {
    let mut log = Log::new("stubborn", &["a", "b"]);
    log.start("a").at(5000).push(None, 0, EventKind::RunCanceling);
    log.at(9000).push(None, 0, EventKind::RunCanceled { detached: vec![path("a")] });
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
        Canceled [    9.0s] stubborn: 1 of 2 steps: 1 canceled
        Detached a did not end in time; its code may run on for as long as the process of the run does
    ");
}

#[test]
fn a_canceled_run_names_what_it_cut_off() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    log.start("extract").at(10).item("extract", "0").start("load[0]").item("extract", "1").start("load[1]");
    log.at(1000).retry("load[1]", 1, "disk full", 60_000);
    for key in 2..9 {
        log.start(&format!("load[{key}]"));
    }
    log.at(2000).push(None, 0, EventKind::RunCanceling).canceled("load[0]").canceled("extract");
    log.push(Some("load[1]"), 1, EventKind::StepSkipped { cause: SkipCause::Canceled });
    log.push(None, 0, EventKind::RunCanceled { detached: vec![path("load[8]")] });
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
        Canceled [    2.0s] pages: 10 steps: 10 canceled
        Canceled [    2.0s] load[0]
        Canceled [    2.0s] extract
        Canceled [        ] load[1] after 1 attempt: disk full
        Canceled [    1.0s] load[2]
        Canceled [    1.0s] load[3]
               … and 4 more steps canceled
        Detached load[8] did not end in time; its code may run on for as long as the process of the run does
    ");
}

#[test]
fn a_failed_step_that_still_has_something_stored_is_not_one_of_the_canceled() {
    let mut log = Log::new("pages", &["torn", "extract", "load over extract"]);
    log.start("torn").start("extract");
    for key in 0..7 {
        log.item("extract", &key.to_string()).start(&format!("load[{key}]"));
    }
    log.at(1000).failure("torn", 1, "torn page").at(2000).push(None, 0, EventKind::RunCanceling);
    log.push(None, 0, EventKind::RunCanceled { detached: vec![path("torn")] });
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
        Canceled [    2.0s] pages: 9 steps: 1 failed, 8 canceled
          Failed [    1.0s] torn
                 torn page
        Canceled [    2.0s] extract
        Canceled [    2.0s] load[0]
        Canceled [    2.0s] load[1]
        Canceled [    2.0s] load[2]
        Canceled [    2.0s] load[3]
               … and 3 more steps canceled
        Detached torn did not end in time; its code may run on for as long as the process of the run does
    ");
}

#[test]
fn an_open_stream_is_not_slow() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    log.start("extract").at(5).item("extract", "0");
    for key in 0..6 {
        let step = format!("load[{key}]");
        log.start(&step).at(100 + key * 100).success(&step, 1);
    }
    log.close("extract", 6, 0).at(9000).success("extract", 1).run_success();
    insta::assert_snapshot!(told(&log, Detail::Steps), @r"
    ────────────
         Success [    9.0s] pages: 7 steps: 7 succeeded
         Slowest [   100ms] load[1]
                 [   100ms] load[2]
                 [   100ms] load[3]
                 [   100ms] load[4]
                 [   100ms] load[5]
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
        Canceled [    2.0s] a
    ");
}

#[test]
fn too_many_failures_are_counted() {
    let mut log = Log::new("bad", &["a", "f over a"]);
    for key in 0..150 {
        let step = format!("f[{key}]");
        log.start(&step).failure(&step, 1, &format!("no: disk {key}"));
    }
    let text = told(&log, Detail::Counts);
    assert!(text.ends_with("… and 50 more steps failed\n"), "{text}");
    assert_eq!(text.matches("Failed").count(), 100);
    // A chart needs all steps; the summary above it is no longer for that.
    let (errors, _) = text.split_once("           … and").expect("a count");
    assert!(told(&log, Detail::Steps).starts_with(errors));
    assert!(told(&log, Detail::Steps).contains("… and 50 more steps failed\n"));
}

#[test]
fn items_that_fail_alike_are_told_once() {
    let mut log = Log::new("settings", &["a", "f over a", "g over a"]);
    for key in 0..500 {
        let (f, g) = (format!("f[{key}]"), format!("g[{key}]"));
        log.start(&f).failure(&f, 1, "no connection: wrong password");
        match key {
            7 => log.start(&g).failure(&g, 1, "no connection: wrong password"),
            8 | 9 => log.start(&g).failure(&g, 3, "disk full"),
            _ => log.start(&g).success(&g, 1),
        };
    }
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
         Running [     0µs] settings: 1000 steps: 497 succeeded, 503 failed
          Failed [     0µs] f[0], and 499 more items: [1], [2], [3], …
                 no connection
                   caused by: wrong password
          Failed [     0µs] g[7]
                 no connection
                   caused by: wrong password
          Failed [     0µs] g[8], and 1 more item: [9]
                 disk full
    ");
}

#[test]
fn a_resource_that_cannot_be_opened_is_told_with_its_error() {
    let mut log = Log::new("pages", &["extract"]);
    log.opening("db").at(40).opened("db", 40).opening("api").at(90).not_opened("api", "no route: timed out");
    log.at(95).closed("db", 5).run_without("api");
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
         Failure [    95ms] pages: 0 steps: nothing has run
          Failed [        ] resource api
                 no route
                   caused by: timed out
    ");
}

#[test]
fn a_resource_that_cannot_be_closed_is_told_and_changes_nothing() {
    let mut log = Log::new("pages", &["extract"]);
    log.opening("db").at(40).opened("db", 40).start("extract").success("extract", 1);
    log.at(95).not_closed("db", "broken pipe").run_success();
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
         Success [    95ms] pages: 1 step: 1 succeeded
      Not closed resource db
                 broken pipe
    ");
}

#[test]
fn hooks_that_failed_are_told_and_change_nothing() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    log.start("extract").success("extract", 1).hook_completed(Some("extract"), "tell", 5);
    for key in 0..3 {
        log.hook_errored(Some(&format!("load[{key}]")), "tell", "no route: timed out");
    }
    log.hook_errored(None, "page_me", "no number").run_success();
    insta::assert_snapshot!(told(&log, Detail::Counts), @r"
    ────────────
         Success [     0µs] pages: 1 step: 1 succeeded
     Hook failed tell of load[0], and 2 more times
                 no route
                   caused by: timed out
     Hook failed page_me
                 no number
    ");
}

#[test]
fn a_run_that_was_taken_up_again_says_so() {
    insta::assert_snapshot!(told(&taken_up(), Detail::Counts), @r"
    ────────────
         Success [    2.5s] pages: 4 steps: 4 succeeded
         Resumed [        ] once, 2 attempts interrupted, values of 1 step lost
    ");
    // Nor is the time without a process that of a step.
    let mut log = Log::new("hello", &["greet", "a", "b", "c", "d", "e"]);
    log.start("greet").at(100);
    for step in ["a", "b", "c", "d", "e"] {
        log.start(step).success(step, 1);
    }
    log.at(60_000)
        .resumed()
        .interrupted("greet", 1)
        .restart("greet", 2)
        .at(60_020)
        .success("greet", 2)
        .run_success();
    let told = |log: &Log| told(log, Detail::Steps);
    insta::assert_snapshot!(told(&log).lines().skip(1).take(3).collect::<Vec<_>>().join("\n"), @r"
         Success [   1m 0s] hello: 6 steps: 6 succeeded
         Resumed [        ] once, 1 attempt interrupted
         Slowest [   120ms] greet
    ");
    let mut log = Log::new("hello", &["greet"]);
    log.resumed().resumed().start("greet").at(12).success("greet", 1).run_success();
    insta::assert_snapshot!(told(&log).lines().nth(2).expect("a line"), @"     Resumed [        ] 2 times");
    let mut log = Log::new("hello", &["greet"]);
    log.resumed_by(&["say", "greet"])
        .resumed_by(&["greet"])
        .start("greet")
        .at(12)
        .success("greet", 1)
        .run_success();
    insta::assert_snapshot!(told(&log).lines().nth(2).expect("a line"), @"     Resumed [        ] 2 times, with other code of greet, say");
}
