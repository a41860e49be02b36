use std::fmt::Write as _;

use super::*;
use crate::event::SkipCause;
use crate::event::sample::{Log, at, path, pokemon};
use crate::ids::{Branch, MappingKey};

/// The events as a log has them, numbered from 1; with a value what is an output.
fn logged(log: &Log) -> Vec<Logged> {
    let is_output = |event: &Event| matches!(event.kind, EventKind::StepOutput { .. });
    let numbered = log.events().iter().zip(1..);
    let logged = numbered.map(|(event, number)| {
        // As if it had been read from text.
        let text = serde_json::to_string(event).expect("an event is JSON");
        let event = serde_json::from_str(&text).expect("as it was written");
        Logged { number, has_value: is_output(&event), event }
    });
    logged.collect()
}

fn recorded(log: &Log) -> Recorded {
    Recorded::of(&logged(log))
}

/// Each step in the order of the log: attempts begun and failed, how it stands, its items and hooks.
fn picture(log: &Log) -> String {
    let recorded = recorded(log);
    let mut paths: Vec<_> = recorded.numbers.iter().collect();
    paths.sort_by_key(|(_, number)| **number);
    let mut text = String::new();
    for (path, number) in paths {
        let step = recorded.at(*number);
        write!(text, "{path} {}/{}", step.failed(), step.attempts()).expect("text");
        let stands = match step.end() {
            Some(RecordedEnd::Succeeded) => "succeeded".to_owned(),
            Some(RecordedEnd::Failed(error)) => format!("failed: {}", error.message),
            Some(RecordedEnd::Memoized(taken)) => match &taken.1 {
                Taken::Assets(assets) => {
                    let keys: Vec<_> = assets.iter().map(|asset| asset.asset.as_str()).collect();
                    format!("memoized: {}", keys.join(", "))
                }
                Taken::Step(by) => format!("memoized: {} of {}", by.path, taken.0),
            },
            Some(RecordedEnd::Skipped(cause)) => format!("skipped: {cause:?}"),
            None if step.is_under_way() => "under way".to_owned(),
            None => step.due().map_or("waits".to_owned(), |due| format!("due at {due}")),
        };
        write!(text, " {stands}").expect("text");
        if let Some(stream) = step.stream("result") {
            let item = |item: &RecordedItem| {
                let orphan = if item.is_orphan() { " orphan" } else { "" };
                format!("{}@{}{orphan}", item.key(), item.value().event())
            };
            let items: Vec<_> = stream.items().iter().map(item).collect();
            let open = if stream.is_closed() { "" } else { ", .." };
            write!(text, ", {} [{}{open}]", stream.output(), items.join(", ")).expect("text");
        }
        if !step.hooks().is_empty() {
            write!(text, ", told {}", step.hooks().join(" and ")).expect("text");
        }
        text.push('\n');
    }
    text
}

#[test]
fn each_step_has_come_as_far_as_its_events_say() {
    let mut log = pokemon();
    insta::assert_snapshot!(picture(&log), @r"
    extract_pages 0/1 succeeded, result [0@3, 100@5, 200@9]
    select[0] 0/1 succeeded
    select[100] 0/1 succeeded
    load[0] 0/1 succeeded
    load[100] 1/2 succeeded
    select[200] 1/1 failed: cannot parse page
    load[200] 0/0 skipped: Failed(select[200])
    report 0/0 skipped: Failed(select[200])
    ");
    let recorded = recorded(&log);
    assert_eq!((recorded.failed(), recorded.first_failed()), (1, Some(&path("select[200]"))));
    assert_eq!(recorded.end(), log.events().last().map(|event| &event.kind));
    let ended = picture(&log);
    log.start("report").run_success();
    assert_eq!(picture(&log), ended, "after the end nothing changes");
}

#[test]
fn what_a_crash_cut_off_is_under_way_until_it_is_told_to_be_interrupted() {
    let mut log = Log::new("pages", &[]);
    log.start("extract").item("extract", "a").item("extract", "b").start("load[a]").start("load[b]");
    log.at(50).retry("load[a]", 1, "disk full", 1000).success("load[b]", 1).hook_completed(
        Some("load[b]"),
        "tell",
        1,
    );
    insta::assert_snapshot!(picture(&log), @r"
    extract 0/1 under way, result [a@3, b@4, ..]
    load[a] 1/1 due at 2026-01-02T03:04:06.05Z
    load[b] 0/1 succeeded, told tell
    ");
    assert_eq!(recorded(&log).under_way(), [&path("extract")]);
    assert_eq!(recorded(&log).step(&path("load[a]")).and_then(RecordedStep::due), Some(at(1050)));
    log.at(2000).resumed().interrupted("extract", 1);
    assert!(recorded(&log).under_way().is_empty());
    // What is emitted anew keeps its position, and has the value that was told last.
    log.restart("extract", 2).push(Some("extract"), 2, item("b")).push(Some("extract"), 2, item("c"));
    insta::assert_snapshot!(picture(&log), @r"
    extract 0/2 under way, result [a@3, b@13, c@14, ..]
    load[a] 1/1 due at 2026-01-02T03:04:06.05Z
    load[b] 0/1 succeeded, told tell
    ");
    log.restart("load[a]", 2).push(Some("extract"), 2, closed(2, &["a"])).success("extract", 2);
    insta::assert_snapshot!(picture(&log), @r"
    extract 0/2 succeeded, result [a@3 orphan, b@13, c@14]
    load[a] 1/2 under way
    load[b] 0/1 succeeded, told tell
    ");
}

fn item(key: &str) -> EventKind {
    EventKind::StepOutput { output: "result".into(), key: Some(key.into()) }
}

fn closed(count: u64, orphans: &[&str]) -> EventKind {
    let orphans: Vec<MappingKey> = orphans.iter().map(|key| MappingKey::from(*key)).collect();
    EventKind::StreamClosed { output: "result".into(), count, orphaned: orphans.len() as u64, orphans }
}

#[test]
fn what_is_lost_begins_anew_with_all_its_retries() {
    let mut log = Log::new("pages", &[]);
    log.start("extract").retry("extract", 1, "no route", 5).restart("extract", 2);
    log.push(Some("extract"), 2, item("a")).push(Some("extract"), 2, item("b"));
    log.push(Some("extract"), 2, closed(2, &[])).success("extract", 2);
    log.hook_completed(Some("extract"), "tell", 1).resumed().lost("extract", 2);
    insta::assert_snapshot!(picture(&log), @"extract 0/2 waits, result [a@5, b@6]");
    log.restart("extract", 3).push(Some("extract"), 3, item("b")).success("extract", 3);
    insta::assert_snapshot!(picture(&log), @"extract 0/3 succeeded, result [a@5, b@13]");
}

#[test]
fn ends_absorb() {
    let mut log = Log::new("pages", &[]);
    log.start("extract").success("extract", 1);
    log.push(Some("extract"), 1, EventKind::StepSkipped { cause: SkipCause::Canceled });
    log.skip("load", "extract").start("load").failure("load", 1, "late").lost("load", 1);
    insta::assert_snapshot!(picture(&log), @r"
    extract 0/1 succeeded
    load 0/0 skipped: Failed(extract)
    ");
}

#[test]
fn of_an_output_it_is_known_who_has_it() {
    let mut log = Log::new("pages", &[]);
    let output = |name: &str| EventKind::StepOutput { output: name.into(), key: None };
    let handled = |name: &str, file: &str| EventKind::HandledOutput {
        output: name.into(),
        io: "disk".into(),
        metadata: [("file".to_owned(), file.into()), ("rows".to_owned(), 1.25.into())].into(),
    };
    log.start("split").push(Some("split"), 1, output("small")).push(Some("split"), 1, handled("small", "s"));
    log.push(Some("split"), 1, output("large")).push(Some("split"), 1, handled("other", "x"));
    log.item("split", "7").push(Some("split"), 1, handled("result", "7"));
    let mut events = logged(&log);
    events[4].has_value = false;
    let recorded = Recorded::of(&events);
    let split = recorded.step(&path("split")).expect("it began");
    let small = split.plain("small").expect("it was told");
    let told = small.handled().expect("it was stored");
    assert_eq!((small.event(), small.has_value(), told.io()), (3, true, "disk"));
    let metadata = serde_json::to_string(&told.metadata()).expect("JSON");
    assert_eq!(metadata, r#"{"file":"s","rows":1.25}"#);
    let large = split.plain("large").expect("it was told");
    assert_eq!((large.event(), large.has_value(), large.handled().is_none()), (5, false, true));
    let items = split.stream("result").expect("it has an item").items();
    assert_eq!(
        items[0].value().handled().map(|handled| handled.metadata()["file"].clone()),
        Some("7".into())
    );
    assert!(split.plain("none").is_none() && split.stream("none").is_none());
}

#[test]
fn of_the_run_it_is_known_whether_it_was_canceled_and_which_hooks_were_called() {
    let mut log = Log::new("pages", &[]);
    log.start("load").push(None, 0, EventKind::RunCanceling).canceled("load");
    log.hook_completed(None, "page_me", 1).hook_errored(None, "tell", "no route");
    let canceling = recorded(&log);
    assert!(canceling.is_canceling() && canceling.end().is_none());
    assert_eq!(canceling.hooks().join(" "), "page_me tell");
    assert_eq!(canceling.last_event(), log.events().len() as u64);
    log.push(None, 0, EventKind::RunCanceled { detached: Vec::new() });
    assert!(matches!(recorded(&log).end(), Some(EventKind::RunCanceled { .. })));
}

#[test]
fn paths_are_found_by_name_and_keys_wherever_their_items_were_emitted() {
    let mut log = Log::new("nested", &[]);
    log.start("f[a][17]").success("f[a][17]", 1).start("f[b][17]");
    let recorded = recorded(&log);
    let outer = Branch::new(None, "a".into(), 3);
    let here = StepPath::new("f", Some(Branch::new(Some(&outer), 17.into(), 5)));
    assert_eq!(recorded.step(&here).and_then(RecordedStep::end), Some(&RecordedEnd::Succeeded));
    assert_eq!(recorded.steps().count(), 2);
}
