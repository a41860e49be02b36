//! A log that is so long that it is read by two, for whoever takes the run up again.

use std::ops::ControlFlow;

use orch_core::event::{Event, EventKind, LogLevel, Logged};
use orch_core::storage::{ReadEvents, ReadRuns, Row, StorageError, conformance};
use orch_sqlite::Folder;
use rusqlite::Connection;

use crate::folders::{Empty, at, id, make, storage, told};

/// Numbers for some stretches and a part of another. Of the lines there are so many between two events that a whole stretch
/// has no event.
const STEPS: u64 = 5_000;
const LINES: u64 = 9_000;

#[test]
fn it_comes_in_the_order_of_the_log_with_its_values() {
    let (_home, folder) = long();
    let reader = folder.events(id(1)).expect("it is there");
    let mut written = Vec::new();
    let mut keep = |logged: Logged| {
        if !matches!(logged.event.kind, EventKind::StepInput { .. }) {
            let value = logged.has_value.then(|| reader.value(logged.number).expect("it can be read"));
            written.push((logged, value.flatten().map(|value| value.bytes().to_vec())));
        }
        ControlFlow::Continue(())
    };
    reader.events(0, false, &mut keep).expect("the events can be read");
    let read = history(&*reader).expect("the history can be read");
    assert_eq!(read.len() as u64, 3 * STEPS);
    assert!(read == written);
}

#[test]
fn what_either_of_them_cannot_read_is_told() {
    let (home, folder) = long();
    let database = Connection::open(home.path().join(format!("runs/{}/run.db", id(1)))).expect("the log");
    let set = |number: i64, attempt: i64| {
        let changed = database.execute("UPDATE event SET attempt = ?2 WHERE number = ?1", (number, attempt));
        assert_eq!(changed.expect("it can be written"), 1);
    };
    for number in [1, 5_001, 27_001] {
        set(number, 7);
        let error = history(&*folder.events(id(1)).expect("it is there")).expect_err("it was changed");
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                told(home.path(), &error.to_string()).replace(&format!("event {number}:"), "event NUMBER:"),
                @"`HOME/runs/00000000-0000-0000-0000-000000000001/run.db` is damaged: event NUMBER: it is not what was written"
            );
        }
        set(number, 1);
    }
    history(&*folder.events(id(1)).expect("it is there")).expect("it is as it was written");
}

/// A run that is under way, with many steps and, after the first half of them, many lines.
fn long() -> (Empty, Folder) {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    let steps = |from: u64| (from..from + STEPS / 2).flat_map(|step| conformance::step(id(1), step));
    let line = |number: u64| {
        let kind = Row::log(LogLevel::Info, "dex", format!("page {number}"), [].into());
        Event::new(at(number), id(1), None, 0, kind).into()
    };
    writer.commit(&steps(0).collect::<Vec<_>>()).expect("committed");
    writer.commit(&(0..LINES).map(line).collect::<Vec<_>>()).expect("committed");
    writer.commit(&steps(STEPS / 2).collect::<Vec<_>>()).expect("committed");
    (home, folder)
}

/// An event, and its value.
type Read = (Logged, Option<Vec<u8>>);

fn history(reader: &dyn ReadEvents) -> Result<Vec<Read>, StorageError> {
    let mut read = Vec::new();
    reader.history(&mut |logged, value| read.push((logged, value.map(<[u8]>::to_vec))))?;
    Ok(read)
}
