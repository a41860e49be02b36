use super::*;
use crate::event::sample::{Log, path, pokemon, taken_up};
use crate::event::{Detail, SkipCause};

#[test]
fn a_story_has_neither_times_nor_ids() {
    insta::assert_snapshot!(story(pokemon().events()), @r"
    RUN_START pokemon
    STEP_START extract_pages
    STEP_OUTPUT extract_pages result[0]
    STEP_START select[0]
    STEP_OUTPUT extract_pages result[100]
    STEP_START select[100]
    STEP_SUCCESS select[0]
    STEP_START load[0]
    STEP_OUTPUT extract_pages result[200]
    LOG load[0] warn: slow disk rows=8
    STREAM_CLOSED extract_pages result, 3 items
    STEP_SUCCESS extract_pages
    STEP_SUCCESS select[100]
    STEP_START load[100]
    STEP_START select[200]
    STEP_UP_FOR_RETRY load[100] #1 disk full, again after 1s
    STEP_SUCCESS load[0]
    STEP_FAILURE select[200] cannot parse page: invalid digit found in string
    STEP_SKIPPED load[200]: select[200] failed
    STEP_RESTARTED load[100] #2
    STEP_SUCCESS load[100] #2
    STEP_SKIPPED report: select[200] failed
    RUN_FAILURE 1 step failed, the first is select[200]
    ");
}

#[test]
fn the_rarer_events_have_their_line() {
    let mut log = Log::new("rare", &[]);
    log.start("a");
    log.push(Some("a"), 1, EventKind::StepInput { input: "counts".into(), gathered: Some(3) });
    log.push(Some("a"), 1, EventKind::StepOutput { output: "rows".into(), key: None });
    let metadata = [("path".to_owned(), "out/a.parquet".into())].into();
    log.push(
        Some("a"),
        1,
        EventKind::HandledOutput { output: "rows".into(), io: "parquet".into(), metadata },
    );
    log.close("a", 1, 2).skip("b[0]", "a");
    log.push(Some("c"), 0, EventKind::StepSkipped { cause: SkipCause::Absent(path("a")) });
    log.push(Some("d"), 0, EventKind::StepSkipped { cause: SkipCause::Canceled });
    log.push(None, 0, EventKind::RunCanceling);
    log.push(None, 0, EventKind::RunCanceled { detached: vec![path("a")] });
    insta::assert_snapshot!(story(log.events()), @r"
    RUN_START rare
    STEP_START a
    STEP_INPUT a counts of 3 values
    STEP_OUTPUT a rows
    HANDLED_OUTPUT a rows by parquet
    STREAM_CLOSED a result, 1 item, 2 orphaned
    STEP_SKIPPED b[0]: a failed
    STEP_SKIPPED c: a left its output out
    STEP_SKIPPED d: the run was canceled
    RUN_CANCELING
    RUN_CANCELED, did not end in time: a
    ");
}

#[test]
fn a_line_tells_when_and_how_long() {
    let mut view = RunView::new(Detail::Counts);
    let mut lines = Vec::new();
    for event in pokemon().events() {
        lines.push(line(event, &view, Palette::Plain));
        view.apply(event);
    }
    insta::assert_snapshot!(lines[lines.len() - 8..].join("\n"), @r"
    0.600  STEP_UP_FOR_RETRY load[100] #1 disk full, again after 1s (took 150ms)
    0.600  STEP_SUCCESS load[0] (took 300ms)
    0.700  STEP_FAILURE select[200] cannot parse page: invalid digit found in string (took 250ms)
    0.700  STEP_SKIPPED load[200]: select[200] failed
    1.600  STEP_RESTARTED load[100] #2
    2.500  STEP_SUCCESS load[100] #2 (took 900ms)
    2.500  STEP_SKIPPED report: select[200] failed
    2.500  RUN_FAILURE 1 step failed, the first is select[200] (took 2.5s)
    ");
}

#[test]
fn above_the_bar_stands_what_is_worth_it() {
    let mut view = RunView::new(Detail::Counts);
    let mut notices = Vec::new();
    for event in pokemon().events() {
        notices.extend(notice(event, &view, Palette::Plain));
        view.apply(event);
    }
    insta::assert_snapshot!(notices.join("\n"), @r"
      Warn [   320ms] load[0]: slow disk rows=8
     Retry [   150ms] load[100] #1 disk full, again after 1s
    Failed [   250ms] select[200]
           cannot parse page
             caused by: invalid digit found in string
    ");
}

#[test]
fn no_text_of_a_user_reaches_the_terminal_raw() {
    let mut log = Log::new("evil", &[]);
    log.start("a").failure("a", 1, "one\ntwo \u{1b}[2J");
    let text = story(log.events());
    assert!(text.ends_with("STEP_FAILURE a one ⏎ two \\u{1b}[2J"), "{text}");
}

#[test]
fn colours_come_only_when_asked_for() {
    let log = pokemon();
    let view = RunView::new(Detail::Counts);
    let painted = line(&log.events()[1], &view, Palette::Ansi);
    assert_eq!(
        painted,
        "\u{1b}[2m   0.000\u{1b}[0m  \u{1b}[36mSTEP_START\u{1b}[0m \u{1b}[1mextract_pages\u{1b}[0m"
    );
}

#[test]
fn what_surrounds_the_steps_has_its_lines() {
    let mut log = Log::new("pages", &[]);
    log.opening("db").at(40).opened("db", 40).opening("api").at(90).not_opened("api", "no route: timed out");
    log.at(95).hook_completed(Some("load[7]"), "tell", 3).hook_errored(None, "page_me", "no number");
    log.closed("db", 5).not_closed("cache", "broken pipe").run_without("api");
    insta::assert_snapshot!(story(log.events()), @r"
    RUN_START pages
    RESOURCE_INIT_STARTED db
    RESOURCE_INIT_SUCCESS db
    RESOURCE_INIT_STARTED api
    RESOURCE_INIT_FAILURE api: no route: timed out
    HOOK_COMPLETED load[7] tell
    HOOK_ERRORED page_me: no number
    RESOURCE_CLOSED db
    RESOURCE_CLOSE_FAILURE cache: broken pipe
    RUN_FAILURE the resource api could not be opened
    ");
    let mut view = RunView::new(Detail::Counts);
    let lines: Vec<_> = log
        .events()
        .iter()
        .map(|event| {
            let line = line(event, &view, Palette::Plain);
            view.apply(event);
            line
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    0.000  RUN_START pages
    0.000  RESOURCE_INIT_STARTED db
    0.040  RESOURCE_INIT_SUCCESS db (took 40ms)
    0.040  RESOURCE_INIT_STARTED api
    0.090  RESOURCE_INIT_FAILURE api: no route: timed out
    0.095  HOOK_COMPLETED load[7] tell (took 3ms)
    0.095  HOOK_ERRORED page_me: no number
    0.095  RESOURCE_CLOSED db (took 5ms)
    0.095  RESOURCE_CLOSE_FAILURE cache: broken pipe
    0.095  RUN_FAILURE the resource api could not be opened (took 95ms)
    ");
}

#[test]
fn a_hook_that_fails_is_worth_a_notice() {
    let mut log = Log::new("pages", &[]);
    log.at(40).hook_errored(Some("load[7]"), "tell", "no route: timed out").hook_errored(
        None,
        "page_me",
        "no number",
    );
    let view = RunView::of(Detail::Counts, &log.events()[..1]);
    let notices: Vec<_> =
        log.events()[1..].iter().filter_map(|event| notice(event, &view, Palette::Plain)).collect();
    insta::assert_snapshot!(notices.join("\n"), @r"
    Hook failed [    40ms] tell of load[7]: no route: timed out
    Hook failed [    40ms] page_me: no number
    ");
}

#[test]
fn a_run_that_was_taken_up_again_tells_what_was_cut_off_and_what_is_lost() {
    let log = taken_up();
    let events = log.events();
    let from =
        events.iter().position(|event| matches!(event.kind, EventKind::RunResumed { .. })).expect("it was");
    insta::assert_snapshot!(story(&events[from..from + 5]), @r"
    RUN_RESUMED
    STEP_INTERRUPTED extract #1
    STEP_INTERRUPTED load[1] #1
    STEP_LOST clean: it was kept in memory alone
    STEP_RESTARTED clean #2
    ");
    let mut view = RunView::of(Detail::Counts, &events[..from]);
    let mut lines = Vec::new();
    for event in &events[from..from + 5] {
        lines.push(line(event, &view, Palette::Plain));
        view.apply(event);
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    2.000  RUN_RESUMED
    2.000  STEP_INTERRUPTED extract #1
    2.000  STEP_INTERRUPTED load[1] #1
    2.000  STEP_LOST clean: it was kept in memory alone
    2.000  STEP_RESTARTED clean #2
    ");
    let mut log = Log::new("evil", &[]);
    let cause = crate::event::LostCause::Unreadable("bad\nfile".to_owned());
    log.push(Some("a"), 2, EventKind::StepLost { cause });
    insta::assert_snapshot!(story(&log.events()[1..]), @"STEP_LOST a #2: bad ⏎ file");
}
