//! What is damaged is found out, and never taken for what was written.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use orch_core::event::{Event, EventKind, LogLevel, Logged, RunStatus};
use orch_core::storage::{
    ArtifactRef, ReadRuns, Row, RunQuery, StorageError, StorageErrorKind, WriteRuns, conformance,
};
use orch_sqlite::{Durability, Folder};

use crate::folders::{Empty, at, events, id, make, open, record, run_to_its_end, storage, told};

#[test]
fn no_changed_bit_of_a_log_is_taken_for_what_was_written() {
    let home = Empty::in_memory();
    let folder = open(home.path());
    let mut writer = make(&folder, 1);
    for step in 0..8 {
        writer.commit(&conformance::step(id(1), step)).expect("committed");
        let fields = [("rows".to_owned(), step.to_string())].into();
        let line = Row::log(LogLevel::Info, "dex", format!("page {step} is loaded"), fields);
        writer.commit(&[Event::new(at(step), id(1), None, 0, line).into()]).expect("committed");
    }
    drop(writer);
    let whole = (events(&folder, id(1)), folder.pinned(id(1)).expect("it is pinned"));
    let of_history = history(&folder).expect("it can be read");
    let file = home.path().join(format!("runs/{}/run.db", id(1)));
    let bytes = fs::read(&file).expect("it is there");
    let mut found = 0;
    // Every so many bytes another bit, so that all pages and all columns have their turn.
    for at in (0..bytes.len()).step_by(13) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).expect("written");
        let read = catch_unwind(|| {
            let mut read = Vec::new();
            let mut keep = |logged| {
                read.push(logged);
                std::ops::ControlFlow::Continue(())
            };
            let events = folder.events(id(1)).and_then(|events| events.events(0, true, &mut keep));
            let pinned = folder.pinned(id(1));
            let before = history(&folder);
            // Whoever goes on with the run writes behind what is there, or not at all.
            let reopened = folder.reopen(id(1)).map(|mut writer| {
                let _ = writer.commit(&conformance::step(id(1), 8));
            });
            (events.map(|()| read), pinned, before, reopened, history(&folder))
        });
        let (events, pinned, history, reopened, longer) = read.expect("no panic");
        match events {
            Ok(read) => assert!(whole.0 == read, "byte {at}"),
            Err(_) => found += 1,
        }
        match history {
            Ok(read) => assert!(of_history == read, "byte {at}"),
            Err(_) => found += 1,
        }
        if reopened.is_err() {
            found += 1;
        }
        if let Ok(longer) = longer {
            assert!(longer.starts_with(&of_history), "byte {at}");
        }
        match pinned {
            Ok(read) => assert!(whole.1 == read, "byte {at}"),
            Err(_) => found += 1,
        }
        let _ = fs::remove_file(file.with_extension("db-wal"));
        let _ = fs::remove_file(file.with_extension("db-shm"));
    }
    assert!(found > 50, "{found}");
}

/// An event, and its value.
type Read = (Logged, Option<Vec<u8>>);

fn history(folder: &Folder) -> Result<Vec<Read>, StorageError> {
    let mut read = Vec::new();
    let mut keep = |logged, value: Option<&[u8]>| read.push((logged, value.map(<[u8]>::to_vec)));
    folder.events(id(1)).and_then(|log| log.history(&mut keep))?;
    Ok(read)
}

#[test]
fn a_list_that_says_something_else_than_the_events_is_found_out() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    assert_eq!(folder.check().expect("it can be checked"), []);
    let mut wrong = folder.run(id(1)).expect("it is listed");
    assert_eq!(wrong.status, RunStatus::Success);
    wrong.counts.succeeded += 1;
    folder.reopen(id(1)).expect("nobody holds it").update(&wrong).expect("listed");
    let found = folder.check().expect("it can be checked");
    let found: Vec<_> = found
        .iter()
        .map(|finding| told(home.path(), &format!("{finding}\n  hint: {}", finding.hint)))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    `HOME/instance.db`: what the list says of the run 00000000-0000-0000-0000-000000000001 is not what its events say
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
}

#[test]
fn a_truncated_log_is_told() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    for step in 0..100 {
        writer.commit(&conformance::step(id(1), step)).expect("committed");
    }
    drop(writer);
    let file = home.path().join(format!("runs/{}/run.db", id(1)));
    let bytes = fs::read(&file).expect("it is there");
    for left in [0, 100, 4096, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..left]).expect("written");
        let findings = folder.check().expect("it can be checked");
        assert!(findings.iter().any(|finding| finding.run == Some(id(1))), "{left} bytes: {findings:?}");
        assert_eq!(folder.runs(&Default::default()).expect("the list stands").len(), 1);
    }
}

#[test]
fn a_file_that_has_changed_is_found() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    let files = folder.artifacts(id(1)).expect("the files of the run");
    let mut artifact = |name: &str| -> ArtifactRef {
        let artifact = files.write(name, &mut |out| Ok(out.write_all(b"the value")?)).expect("written");
        let (output, io) = ("result", orch_core::io::ARTIFACTS);
        let kind = serde_json::json!({
            "event": "HANDLED_OUTPUT", "output": output, "io": io, "metadata": artifact.metadata()
        });
        let kind: EventKind = serde_json::from_value(kind).expect("an event");
        assert_eq!(ArtifactRef::told_by(&kind).as_ref(), Some(&artifact));
        writer.commit(&[Event::new(at(1), id(1), "load".parse().ok(), 1, kind).into()]).expect("committed");
        artifact
    };
    let [_whole, flipped, cut, _gone] = ["whole", "load/flipped", "load/cut", "gone"].map(&mut artifact);
    drop(writer);
    assert_eq!(folder.check().expect("it can be checked"), []);
    let within = home.path().join(format!("runs/{}/artifacts", id(1)));
    fs::write(within.join("load/flipped"), b"the valve").expect("written");
    fs::write(within.join("load/cut"), b"the v").expect("written");
    fs::remove_file(within.join("gone")).expect("it is there");
    for artifact in [flipped, cut] {
        let refused = files.read(&artifact).expect_err("it is not what was written");
        assert_eq!(*refused.kind(), StorageErrorKind::Corrupt);
    }
    let findings = folder.check().expect("it can be checked");
    let findings: Vec<_> = findings.iter().map(|finding| told(home.path(), finding)).collect();
    insta::assert_snapshot!(findings.join("\n"), @r"
    `HOME/runs/00000000-0000-0000-0000-000000000001/artifacts/load/flipped`: the file `load/flipped` of the run is not what was written: its hash is another
    `HOME/runs/00000000-0000-0000-0000-000000000001/artifacts/load/cut`: the file `load/cut` of the run does not have the 9 bytes that were written
    `HOME/runs/00000000-0000-0000-0000-000000000001/artifacts/gone` cannot be read: it is not there
    ");
}

/// The list of a folder in which two runs were made.
fn two_runs() -> (Empty, PathBuf) {
    let home = Empty::in_memory();
    let folder = open(home.path());
    (1..=2).for_each(|run| run_to_its_end(&folder, &record(run)));
    let file = home.path().join("instance.db");
    (home, file)
}

fn change(file: &Path, sql: &str) {
    let database = rusqlite::Connection::open(file).expect("a database");
    assert_eq!(database.execute(sql, []).expect("it can be changed"), 1);
}

#[test]
fn a_line_that_has_changed_is_told_with_its_run() {
    let (home, file) = two_runs();
    let folder = open(home.path());
    change(&file, "UPDATE run SET status = 'FAILURE' WHERE id LIKE '%1'");
    let refused = folder.runs(&RunQuery::default()).expect_err("it has changed");
    insta::assert_snapshot!(told(home.path(), &format!("{refused}\n  hint: {}", refused.advice().unwrap_or("none"))), @r"
    `HOME/instance.db` is damaged: what the list says of the run 00000000-0000-0000-0000-000000000001: it is not what was written
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
    assert_eq!(*folder.run(id(1)).expect_err("it has changed").kind(), StorageErrorKind::Corrupt);
    assert_eq!(folder.run(id(2)).expect("it has not").status, RunStatus::Success);
    let findings = folder.check().expect("it can be checked");
    let findings: Vec<_> = findings.iter().map(|finding| told(home.path(), finding)).collect();
    insta::assert_snapshot!(findings.join("\n"), @"`HOME/instance.db`: what the list says of the run 00000000-0000-0000-0000-000000000001: it is not what was written");
}

#[test]
fn a_run_that_the_list_has_lost_is_told() {
    let (home, file) = two_runs();
    change(&file, "DELETE FROM run WHERE id LIKE '%1'");
    let folder = open(home.path());
    let whole = folder.runs(&RunQuery { limit: Some(1), ..RunQuery::default() });
    assert_eq!(whole.expect_err("a run is missing").advice(), folder.run(id(1)).expect_err("it is").advice());
    let refused = folder.runs(&RunQuery::default()).expect_err("a run is missing");
    insta::assert_snapshot!(told(home.path(), &format!("{refused}\n  hint: {}", refused.advice().unwrap_or("none"))), @r"
    `HOME/instance.db` is damaged: the run 00000000-0000-0000-0000-000000000001 is not in the list
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
    let lost = "00000000-0000-0000-0000-000000000001";
    assert_eq!(folder.begin_with(lost, 2).expect_err("it is missing").to_string(), refused.to_string());
    assert_eq!(folder.begin_with(&lost.replace('1', "7"), 2).expect("there is none"), []);
    drop(folder);
    for beside in ["db", "db-wal", "db-shm"] {
        let _ = fs::remove_file(file.with_extension(beside));
    }
    assert_eq!(open(home.path()).runs(&RunQuery::default()).expect("it is made anew").len(), 2);
}

#[test]
fn no_changed_bit_of_a_list_makes_it_say_something_else() {
    let (home, file) = two_runs();
    let whole = open(home.path()).runs(&RunQuery::default()).expect("a list");
    let bytes = fs::read(&file).expect("it is there");
    let mut found = 0;
    for at in 0..bytes.len() {
        // What is empty says nothing.
        if bytes[at] == 0 && !at.is_multiple_of(256) {
            continue;
        }
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).expect("written");
        let opened = Folder::open(home.path(), Durability::Normal);
        match opened.and_then(|folder| folder.runs(&RunQuery::default())) {
            Ok(read) => assert!(read == whole, "byte {at}"),
            Err(_) => found += 1,
        }
        for beside in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(file.with_extension(beside));
        }
    }
    assert!(found > 50, "{found}");
}

#[test]
fn a_list_that_was_cut_off_hides_no_run_from_who_checks_them() {
    let (home, file) = two_runs();
    let damaged = home.path().join(format!("runs/{}/run.db", id(2)));
    let bytes = fs::read(&damaged).expect("it is there");
    fs::write(&damaged, &bytes[..bytes.len() / 2]).expect("written");
    let whole = fs::read(&file).expect("it is there");
    // In the midst of a page, behind the first, and within what says what it is.
    for length in [whole.len() / 2 + 100, 4096, 60] {
        for beside in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(file.with_extension(beside));
        }
        fs::write(&file, &whole[..length]).expect("written");
        let findings = match Folder::open(home.path(), Durability::Normal) {
            Ok(folder) => folder.check(),
            Err(refused) => Folder::check_without_list(home.path(), &refused),
        };
        let findings = findings.expect("it can be checked");
        assert!(findings[0].file.ends_with("instance.db"), "{length}: {findings:?}");
        assert!(findings[0].hint.contains("it is made anew from the runs that are there"), "{length}");
        assert_eq!(findings[1].run, Some(id(2)), "{length}: {findings:?}");
    }
    for beside in ["db", "db-wal", "db-shm"] {
        let _ = fs::remove_file(file.with_extension(beside));
    }
    let folder = open(home.path());
    assert!(folder.run(id(1)).is_ok(), "it is made anew");
}
