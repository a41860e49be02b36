use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::event::sample::{Log, at, path, pokemon, taken_up};

/// Each op with what is known of it, then the run.
fn picture(log: &Log) -> String {
    let view = RunView::of(Detail::Counts, log.events());
    let mut text = String::new();
    for op in view.ops() {
        let Counts { running, waiting_retry, succeeded, failed, canceled, skipped, .. } = op.counts;
        let states = [
            ("running", running),
            ("waiting for retry", waiting_retry),
            ("succeeded", succeeded),
            ("failed", failed),
            ("canceled", canceled),
            ("skipped", skipped),
        ];
        let states = states
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(state, n)| format!(" {n} {state}"))
            .collect::<String>();
        writeln!(text, "{} [{}/{}]{states}", op.name, op.counts.finished(), view.total_of(op)).expect("text");
    }
    write!(text, "{} [{}/{}]", view.status().name(), view.counts().finished(), view.total()).expect("text");
    text
}

#[test]
fn a_map_is_counted_by_its_stream() {
    let mut log = Log::new("pages", &["extract", "load over extract", "report"]);
    insta::assert_snapshot!(picture(&log), @r"
    extract [0/1]
    load [0/0+]
    report [0/1]
    running [0/2+]
    ");
    log.start("extract").item("extract", "a").item("extract", "b").start("load[a]");
    insta::assert_snapshot!(picture(&log), @r"
    extract [0/1] 1 running
    load [0/2+] 1 running
    report [0/1]
    running [0/4+]
    ");
    log.success("load[a]", 1).close("extract", 2, 0);
    insta::assert_snapshot!(picture(&log), @r"
    extract [0/1] 1 running
    load [1/2] 1 succeeded
    report [0/1]
    running [1/4]
    ");
}

#[test]
fn retries_failures_and_skips_are_told_apart() {
    let log = pokemon();
    insta::assert_snapshot!(picture(&log), @r"
    extract_pages [1/1] 1 succeeded
    select [3/3] 2 succeeded 1 failed
    load [3/3] 2 succeeded 1 skipped
    report [1/1] 1 skipped
    failure [8/8]
    ");
    let view = RunView::of(Detail::Steps, log.events());
    assert_eq!((view.counts().retries, view.counts().retried), (1, 1));
    assert_eq!(view.elapsed(), Duration::from_millis(2500));
    assert_eq!(view.clone().until(at(90_000)).elapsed(), Duration::from_millis(2500), "it is over");
    let step = view.steps().iter().find(|step| step.path == path("load[100]")).expect("kept");
    let spans =
        step.attempts.iter().map(|attempt| (attempt.ready, attempt.start, attempt.end)).collect::<Vec<_>>();
    assert_eq!(spans, [(at(450), at(450), Some(at(600))), (at(1600), at(1600), Some(at(2500)))]);
    let queued = view.steps().iter().find(|step| step.path == path("select[200]")).expect("kept");
    assert_eq!(queued.attempts[0].ready, at(300));
    let [failed] = view.failures() else { panic!("one failed step") };
    assert_eq!(
        (&failed.path, failed.attempt, failed.took),
        (&path("select[200]"), 1, Some(Duration::from_millis(250)))
    );
}

#[test]
fn maps_within_maps_are_open_until_the_outer_one_is_done() {
    let mut log = Log::new("nested", &["rows", "cells over rows", "f over cells"]);
    log.start("rows").item("rows", "a").start("cells[a]").item("cells[a]", "0").item("cells[a]", "1");
    log.close("cells[a]", 2, 0).success("cells[a]", 1).start("f[a][1]").success("f[a][1]", 1);
    insta::assert_snapshot!(picture(&log), @r"
    rows [0/1] 1 running
    cells [1/1+] 1 succeeded
    f [1/2+] 1 succeeded
    running [2/4+]
    ");
    log.close("rows", 1, 0).success("rows", 1);
    insta::assert_snapshot!(picture(&log), @r"
    rows [1/1] 1 succeeded
    cells [1/1] 1 succeeded
    f [1/2] 1 succeeded
    running [3/4]
    ");
}

#[test]
fn without_a_plan_the_only_stream_that_fits_is_taken() {
    let mut log = Log::new("pages", &[]);
    log.start("extract").item("extract", "a").item("extract", "b").close("extract", 9, 0).start("load[a]");
    insta::assert_snapshot!(picture(&log), @r"
    extract [0/1] 1 running
    load [0/9] 1 running
    running [0/10+]
    ");
    log.start("other").item("other", "a").start("store[a]");
    insta::assert_snapshot!(picture(&log).lines().nth(3).expect("a line"), @"store [0/1+] 1 running");
}

#[test]
fn items_emitted_again_count_once_and_orphans_stay_counted() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    log.start("extract").item("extract", "a").item("extract", "b").item("extract", "c");
    log.retry("extract", 1, "lost the connection", 0).restart("extract", 2).item("extract", "a");
    insta::assert_snapshot!(picture(&log).lines().nth(1).expect("a line"), @"load [0/3+]");
    log.item("extract", "b").close("extract", 2, 1);
    insta::assert_snapshot!(picture(&log).lines().nth(1).expect("a line"), @"load [0/3]");
}

#[test]
fn a_step_is_open_from_its_first_item_to_the_end_of_the_attempt() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    let counts = |log: &Log| {
        let view = RunView::of(Detail::Steps, log.events());
        (view.counts().busy(), view.counts().open, view.counts().waiting_retry)
    };
    assert_eq!(counts(log.start("extract")), (1, 0, 0));
    assert_eq!(counts(log.at(10).item("extract", "a").item("extract", "b")), (0, 1, 0));
    assert_eq!(counts(log.at(20).retry("extract", 1, "lost the connection", 0)), (0, 0, 1));
    assert_eq!(counts(log.restart("extract", 2)), (1, 0, 0));
    assert_eq!(counts(log.at(30).item("extract", "a").close("extract", 1, 1)), (0, 1, 0));
    let view = RunView::of(Detail::Steps, log.events());
    let opened: Vec<_> = view.steps()[0].attempts.iter().map(|attempt| attempt.opened).collect();
    assert_eq!(opened, [Some(at(10)), Some(at(30))]);
    assert_eq!(counts(log.success("extract", 2)), (0, 0, 0));
}

#[test]
fn nothing_changes_after_the_end() {
    let mut log = Log::new("stubborn", &["a", "b"]);
    log.start("a").start("b").at(10).push(None, 0, EventKind::RunCanceling);
    assert_eq!(RunView::of(Detail::Counts, log.events()).status(), RunStatus::Canceling);
    log.canceled("a").at(20).push(None, 0, EventKind::RunCanceled { detached: vec![path("b")] });
    let canceled = picture(&log);
    insta::assert_snapshot!(canceled, @r"
    a [1/1] 1 canceled
    b [1/1] 1 canceled
    canceled [2/2]
    ");
    log.at(99).success("b", 1).start("c").run_success();
    assert_eq!(picture(&log), canceled);
    let view = RunView::of(Detail::Steps, log.events());
    assert_eq!((view.end(), view.detached()), (Some(at(20)), &[path("b")][..]));
    assert_eq!(view.steps()[1].attempts[0].end, Some(at(20)));
    assert!(view.failures().is_empty());
}

#[test]
fn of_steps_that_are_skipped_by_canceling_those_that_had_begun_are_canceled() {
    let mut log = Log::new("stubborn", &["a", "b"]);
    log.start("a").retry("a", 1, "no", 5000).push(None, 0, EventKind::RunCanceling);
    for (step, attempt) in [("a", 1), ("b", 0)] {
        log.push(Some(step), attempt, EventKind::StepSkipped { cause: SkipCause::Canceled });
    }
    insta::assert_snapshot!(picture(&log), @r"
    a [1/1] 1 canceled
    b [1/1] 1 skipped
    canceling [2/2]
    ");
}

#[test]
fn a_source_counts_as_running_until_its_stream_is_closed() {
    let mut log = Log::new("one slot", &["extract", "load over extract"]);
    log.start("extract").item("extract", "a").start("load[a]");
    assert_eq!(RunView::of(Detail::Counts, log.events()).counts().running, 2);
    log.success("load[a]", 1).close("extract", 1, 0).success("extract", 1);
    assert_eq!(RunView::of(Detail::Counts, log.events()).counts().running, 0);
}

#[test]
fn a_million_items_leave_nothing_behind() {
    let mut view = RunView::new(Detail::Counts);
    view.apply(&Log::new("many", &["source", "f over source"]).events()[0]);
    let mut log = Log::new("many", &[]);
    log.start("f[0]").failure("f[0]", 1, "no");
    for _ in 0..10_000 {
        log.events()[1..].iter().for_each(|event| view.apply(event));
    }
    let [failed] = view.failures() else { panic!("they all fail alike") };
    assert_eq!((failed.alike, failed.first_alike.len()), (9_999, KEPT_ALIKE));
    assert_eq!((view.live.len(), view.steps.len(), view.counts().failed), (0, 0, 10_000));
}

#[test]
fn failures_are_kept_up_to_a_hundred_whatever_else_is_kept() {
    let mut log = Log::new("many", &["source", "f over source"]);
    for key in 0..300 {
        log.failure(&format!("f[{key}]"), 1, &format!("no {}", key % 150));
    }
    for detail in [Detail::Counts, Detail::Steps] {
        let view = RunView::of(detail, log.events());
        assert_eq!((view.failures().len(), view.counts().failed), (KEPT_FAILURES, 300));
        assert!(view.failures().iter().all(|failed| failed.alike == 1), "those beyond are only counted");
        assert_eq!(view.failures()[7].first_alike, [path("f[157]")]);
    }
}

#[test]
fn a_run_that_is_taken_up_again_goes_on_with_its_steps() {
    let log = taken_up();
    let began = |kind: &EventKind| matches!(kind, EventKind::StepRestarted { .. });
    let before = log.events().iter().position(|event| began(&event.kind)).expect("it goes on");
    let view = RunView::of(Detail::Steps, &log.events()[..before]);
    let counts = *view.counts();
    assert_eq!((counts.waiting_retry, counts.running, counts.open, counts.succeeded), (3, 0, 0, 1));
    assert_eq!((counts.interrupted, counts.lost, counts.retries, counts.items), (2, 1, 0, 2));
    assert!(view.live().all(|step| step.retry_after == Some(Duration::ZERO)));
    insta::assert_snapshot!(picture(&log), @r"
    clean [1/1] 1 succeeded
    extract [1/1] 1 succeeded
    load [2/2] 2 succeeded
    success [4/4]
    ");
    let view = RunView::of(Detail::Steps, log.events());
    let steps: Vec<_> =
        view.steps().iter().map(|step| (step.path.to_string(), step.attempts.len())).collect();
    let steps: Vec<_> = steps.iter().map(|(path, attempts)| (path.as_str(), *attempts)).collect();
    assert_eq!(steps, [("clean", 2), ("extract", 2), ("load[0]", 1), ("load[1]", 2)]);
    // The process lived at least until it told the last of its events; the time without one belongs to no attempt.
    let cut_off = &view.steps()[3].attempts[0];
    assert_eq!((cut_off.start, cut_off.end, cut_off.interrupted), (at(300), Some(at(500)), true));
    let made_anew = &view.steps()[0].attempts;
    assert_eq!((made_anew[0].end, made_anew[0].interrupted), (Some(at(100)), false));
    assert_eq!((view.resumed(), view.counts().retried, view.counts().items), (1, 0, 2));
}

#[test]
fn a_source_whose_items_are_lost_emits_none_that_are_new() {
    let mut log = Log::new("nested", &["rows", "cells over rows", "f over cells"]);
    log.start("rows").item("rows", "a").item("rows", "b").close("rows", 2, 0).success("rows", 1);
    for row in ["cells[a]", "cells[b]"] {
        log.start(row).item(row, "0").item(row, "1").close(row, 2, 0).success(row, 1);
    }
    let before = RunView::of(Detail::Counts, log.events()).counts().items;
    log.resumed().lost("cells[b]", 1).restart("cells[b]", 2).item("cells[b]", "0").item("cells[b]", "1");
    log.close("cells[b]", 2, 0).success("cells[b]", 2);
    for detail in [Detail::Counts, Detail::Steps] {
        let view = RunView::of(detail, log.events());
        let cells = view.op("cells").expect("an op of the plan");
        assert_eq!((before, view.counts().items, cells.streams[0].closed), (6, 6, 2));
        assert_eq!((view.counts().succeeded, view.counts().retried, view.counts().lost), (3, 0, 1));
    }
}

#[test]
fn only_an_attempt_that_failed_is_followed_by_a_retry() {
    let mut log = Log::new("two", &["a", "b"]);
    log.start("a").retry("a", 1, "no", 5).restart("a", 2).success("a", 2).start("b");
    log.resumed().interrupted("b", 1).lost("a", 2).restart("b", 2).success("b", 2).restart("a", 3);
    log.success("a", 3);
    for detail in [Detail::Counts, Detail::Steps] {
        let counts = *RunView::of(detail, log.events()).counts();
        assert_eq!((counts.succeeded, counts.retried, counts.interrupted), (2, 1, 1));
    }
}

#[test]
fn what_was_retried_and_is_lost_was_not_a_success_after_a_retry() {
    let mut log = Log::new("one", &["a"]);
    log.start("a").retry("a", 1, "no", 5).restart("a", 2).success("a", 2).resumed().lost("a", 2);
    for detail in [Detail::Counts, Detail::Steps] {
        let counts = *RunView::of(detail, log.events()).counts();
        assert_eq!((counts.succeeded, counts.retried, counts.waiting_retry), (0, 0, 1));
    }
    log.skip("a", "b").lost("a", 2);
    let view = RunView::of(Detail::Steps, log.events());
    assert_eq!((view.counts().skipped, view.counts().lost), (1, 1), "what was skipped cannot be lost");
}

fn any_event() -> impl Strategy<Value = (u8, u8, u32, u64)> {
    (0..16_u8, 0..6_u8, 0..4_u32, 0..3000_u64)
}

/// Sequences that no engine would emit: the picture must stay sound whatever a log says.
fn random_log(events: &[(u8, u8, u32, u64)]) -> Log {
    let mut log = Log::new("random", &["a", "m over a"]);
    for &(kind, step, attempt, ms) in events {
        let step = ["a", "b", "m[0]", "m[1]", "n[0][1]", "n[0][2]"][usize::from(step)];
        log.at(ms);
        match kind {
            0 | 1 => log.start_after(step, ms / 2),
            2 => log.restart(step, attempt),
            3 => log.item(step, "0"),
            4 => log.close(step, ms, u64::from(attempt)),
            5 | 6 => log.success(step, attempt),
            7 => log.retry(step, attempt, "again", 5),
            8 => log.failure(step, attempt, "no"),
            9 => log.canceled(step),
            10 => log.skip(step, "a"),
            11 | 12 => log.interrupted(step, attempt),
            13 => log.resumed(),
            14 => match succeeded(&log, step) {
                // Whether it had succeeded is believed.
                Some(attempt) => log.lost(step, attempt),
                None => &mut log,
            },
            _ if attempt == 0 && ms < 300 => log.run_success(),
            _ => log.push(None, 0, EventKind::RunCanceling),
        };
    }
    log
}

/// The attempt in which a step succeeded, if that is where it stands.
fn succeeded(log: &Log, step: &str) -> Option<u32> {
    let view = RunView::of(Detail::Steps, log.events());
    let step = view.steps().iter().rfind(|kept| kept.path == path(step))?;
    let last = step.attempts.last().filter(|_| step.state == StepState::Succeeded)?;
    (!view.status().is_terminal()).then_some(last.number)
}

proptest! {
    #[test]
    fn both_details_agree_on_every_log(events in prop::collection::vec(any_event(), 0..60)) {
        let log = random_log(&events);
        let (mut counts, mut steps) = (RunView::new(Detail::Counts), RunView::new(Detail::Steps));
        for event in log.events() {
            counts.apply(event);
            steps.apply(event);
            prop_assert_eq!(counts.counts(), steps.counts());
            prop_assert_eq!(counts.ops(), steps.ops());
            prop_assert_eq!(counts.total(), steps.total());
        }
        let sum = |of: fn(&Counts) -> u64| steps.ops().iter().map(|op| of(&op.counts)).sum::<u64>();
        prop_assert_eq!(sum(Counts::seen), steps.counts().seen());
        prop_assert_eq!(sum(|counts| counts.items), steps.counts().items);
        let in_state = |wanted: fn(&StepState) -> bool| {
            steps.steps().iter().filter(|step| wanted(&step.state)).count() as u64
        };
        let kept = steps.counts();
        prop_assert_eq!(in_state(|state| *state == StepState::Running), kept.running);
        prop_assert_eq!(in_state(|state| *state == StepState::WaitingRetry), kept.waiting_retry);
        prop_assert_eq!(in_state(|state| *state == StepState::Succeeded), kept.succeeded);
        prop_assert_eq!(in_state(|state| *state == StepState::Failed), kept.failed);
        prop_assert_eq!(in_state(|state| *state == StepState::Canceled), kept.canceled);
        prop_assert_eq!(in_state(|state| matches!(state, StepState::Skipped(_))), kept.skipped);
        prop_assert_eq!(steps.live().count() as u64, kept.running + kept.waiting_retry);
        prop_assert_eq!(steps.live().filter(|step| step.open).count() as u64, kept.open);
        prop_assert_eq!(counts.canceled().len() as u64, kept.canceled);
        for attempt in steps.steps().iter().flat_map(|step| &step.attempts) {
            prop_assert!(attempt.ready <= attempt.start);
            prop_assert!(!attempt.interrupted || attempt.end.is_some());
            let opened = attempt.opened.unwrap_or(attempt.start);
            prop_assert!(attempt.start <= opened && attempt.end.is_none_or(|end| opened <= end));
        }
    }
}

#[test]
fn resources_are_kept_with_where_they_stand() {
    let mut log = Log::new("pages", &["extract"]);
    log.opening("db").at(40).opened("db", 40).opening("api");
    let states = |log: &Log| {
        let view = RunView::of(Detail::Counts, log.events());
        let states = view.resources().iter().map(|resource| format!("{} {:?}", resource.key, resource.state));
        states.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(states(&log), @r"
    db Open { took: 40ms }
    api Opening { since: 2026-01-02T03:04:05.04Z }
    ");
    log.at(50).not_opened("api", "no route").at(55).closed("db", 5).run_without("api");
    insta::assert_snapshot!(states(&log), @r#"
    db Closed { took: 5ms }
    api NotOpened(ErrorInfo { kind: Error, message: "no route", causes: [], hint: None, place: None, metadata: {} })
    "#);
}
