use std::ops::ControlFlow;

use super::samples::{at, events_of_each_kind, pinned, record, step};
use crate::event::{Encoded, Entry, Event, EventKind, LogLevel, Logged};
use crate::ids::{RunId, StepPath};
use crate::storage::{LogQuery, ReadEvents, Row, Storage, WriteEvents};

const READ: &str = "the events can be read";
const WRITTEN: &str = "the events can be written";

fn make(storage: &dyn Storage) -> (RunId, Box<dyn WriteEvents>) {
    let run = record(1, "job", 0);
    (run.id, storage.create(&run, &pinned()).expect("the run can be made"))
}

fn all(reader: &dyn ReadEvents, after: u64, logs: bool) -> Vec<Logged> {
    let mut read = Vec::new();
    let mut keep = |logged| {
        read.push(logged);
        ControlFlow::Continue(())
    };
    reader.events(after, logs, &mut keep).expect(READ);
    read
}

fn is_log(event: &Event) -> bool {
    matches!(event.kind, EventKind::Log { .. })
}

pub(super) fn round_trip(storage: &dyn Storage) {
    let (run, mut writer) = make(storage);
    let reader = storage.events(run).expect(READ);
    assert_eq!(all(&*reader, 0, true), [], "nothing has happened");
    let entries = events_of_each_kind(run);
    let (early, late) = entries.split_at(entries.len() / 2);
    writer.commit(early).expect(WRITTEN);
    writer.commit(&[]).expect(WRITTEN);
    writer.commit(late).expect(WRITTEN);
    let read = all(&*storage.events(run).expect(READ), 0, true);
    assert_eq!(read.len(), entries.len());
    for (logged, entry) in read.iter().zip(&entries) {
        assert_eq!(logged.event, entry.event);
        assert_eq!(logged.has_value, entry.value.is_some());
    }
    assert!(read.iter().zip(&read[1..]).all(|(a, b)| a.number < b.number), "numbers grow");
    assert!(read[0].number >= 1, "from 1");

    let reader = storage.events(run).expect(READ);
    let quiet = all(&*reader, 0, false);
    assert!(read.iter().filter(|logged| !is_log(&logged.event)).eq(&quiet), "without log lines");
    for from in [1, 5, read.len() - 1, read.len()] {
        let after = read[from - 1].number;
        assert_eq!(all(&*reader, after, true), read[from..], "after {after}");
    }
    let mut first = Vec::new();
    let mut stop = |logged: Logged| {
        first.push(logged.number);
        ControlFlow::Break(())
    };
    reader.events(0, true, &mut stop).expect(READ);
    assert_eq!(first, [read[0].number], "it stops when it is told to");
}

pub(super) fn values(storage: &dyn Storage) {
    let (run, mut writer) = make(storage);
    let entries = events_of_each_kind(run);
    writer.commit(&entries).expect(WRITTEN);
    let reader = storage.events(run).expect(READ);
    for (logged, entry) in all(&*reader, 0, true).iter().zip(&entries) {
        if !is_log(&logged.event) {
            assert_eq!(reader.value(logged.number).expect(READ), entry.value, "{}", logged.number);
        }
    }
    let told = |kind: &EventKind| !matches!(kind, EventKind::Log { .. } | EventKind::StepInput { .. });
    let written = entries.iter().filter(|entry| told(&entry.event.kind));
    let written: Vec<_> = written.map(|entry| (entry.event.clone(), entry.value.clone())).collect();
    let mut history = Vec::new();
    let each = &mut |logged: Logged, value: Option<&[u8]>| {
        assert_eq!(logged.has_value, value.is_some(), "{}", logged.number);
        history.push((logged.event, value.map(|value| Encoded::from(value.to_vec()))));
    };
    reader.history(each).expect(READ);
    assert_eq!(history, written);
    assert_eq!(reader.value(1_000_000).expect(READ), None, "there is no such event");
    // As the value of `()` is.
    let (event, value) = (entries[0].event.clone(), Some(Encoded::from(Vec::new())));
    writer.commit(&[Entry { event, value }]).expect(WRITTEN);
    let last = all(&*reader, 0, true).pop().expect("an event");
    assert!(last.has_value);
    assert_eq!(reader.value(last.number).expect(READ), Some(Encoded::from(Vec::new())));
}

pub(super) fn logs(storage: &dyn Storage) {
    let (run, mut writer) = make(storage);
    let path = |text: &str| text.parse::<StepPath>().expect("a path");
    let line = |step: Option<&str>, level, message: &str| {
        let kind = Row::log(level, "target", message, [("rows".to_owned(), "8".to_owned())].into());
        Entry::from(Event::new(at(1), run, step.map(path), 1, kind))
    };
    let lines = [
        line(Some("load[7]"), LogLevel::Info, "0 Größe and 100% of it"),
        line(Some("load[70]"), LogLevel::Debug, "1 slow disk"),
        line(Some("load"), LogLevel::Warn, "2 slow DISK"),
        line(Some("loader"), LogLevel::Error, "3 slow_disk"),
        line(Some("f[a][17]"), LogLevel::Trace, "4"),
        line(None, LogLevel::Error, "5 slow"),
    ];
    for line in &lines {
        writer.commit(&step(run, 1)).expect(WRITTEN);
        writer.commit(std::slice::from_ref(line)).expect(WRITTEN);
    }
    let reader = storage.events(run).expect(READ);
    let found = |query: &LogQuery, after: u64| {
        let mut found = String::new();
        let mut keep = |logged: Logged| {
            assert!(query.matches(&logged.event));
            let EventKind::Log { message, .. } = &logged.event.kind else { panic!("a log line") };
            found.extend(message.chars().next());
            ControlFlow::Continue(())
        };
        reader.logs(after, query, &mut keep).expect(READ);
        found
    };
    let any = LogQuery::default;
    let of_step = |step: &str| LogQuery { step: Some(step.to_owned()), ..any() };
    let of_text = |text: &str| LogQuery { text: Some(text.to_owned()), ..any() };
    assert_eq!(found(&any(), 0), "012345");
    assert_eq!(found(&of_step("load"), 0), "012", "with all its copies");
    assert_eq!(found(&of_step("load[7]"), 0), "0");
    assert_eq!(found(&of_step("f"), 0), "4");
    assert_eq!(found(&of_step("f[a][17]"), 0), "4");
    assert_eq!(found(&of_step("f[a]"), 0), "", "no step has this path");
    assert_eq!(found(&of_step("l%"), 0), "");
    assert_eq!(found(&LogQuery { level: Some(LogLevel::Warn), ..any() }, 0), "235");
    assert_eq!(found(&of_text("slow disk"), 0), "12");
    assert_eq!(found(&of_text("GRÖSSE"), 0), "");
    assert_eq!(found(&of_text("GRÖ"), 0), "0", "whatever the case");
    assert_eq!(found(&of_text("%"), 0), "0");
    assert_eq!(found(&of_text("w_d"), 0), "3");
    let narrow = LogQuery { level: Some(LogLevel::Info), text: Some("slow".to_owned()), ..of_step("load") };
    assert_eq!(found(&narrow, 0), "2");
    let third = all(&*reader, 0, true).iter().filter(|logged| is_log(&logged.event)).nth(2).map(|l| l.number);
    assert_eq!(found(&any(), third.expect("a log line")), "345");
}

pub(super) fn reopened(storage: &dyn Storage) {
    let (run, mut writer) = make(storage);
    writer.commit(&step(run, 1)).expect(WRITTEN);
    let log = Entry::from(Event::new(at(9), run, None, 0, Row::log(LogLevel::Info, "a", "b", [].into())));
    writer.commit(&[log]).expect(WRITTEN);
    drop(writer);
    let before = all(&*storage.events(run).expect(READ), 0, true);
    let mut writer = storage.reopen(run).expect("nobody holds it");
    writer.commit(&step(run, 2)).expect(WRITTEN);
    drop(writer);
    let after = all(&*storage.events(run).expect(READ), 0, true);
    assert_eq!(after[..5], before, "what was there stays");
    assert_eq!(after.len(), 9);
    assert!(after.iter().zip(&after[1..]).all(|(a, b)| a.number < b.number), "numbers go on");
}
