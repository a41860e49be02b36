//! What memoized steps were made of, beside the list of runs.

use std::fs;
use std::path::Path;

use orch_core::memo::MemoQuery;
use orch_core::storage::{ReadRuns, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::Folder;
use rusqlite::Connection;

use crate::folders::{id, make, open, put, record, run_of, storage, told};

/// The versions of what was given, the newest first.
fn versions(folder: &Folder) -> Vec<String> {
    let memos = folder.memos(&MemoQuery::default()).expect("they can be read");
    memos.iter().flat_map(|memo| memo.outputs.values().flatten()).map(ToString::to_string).collect()
}

/// A run of two steps of an op.
fn embed(folder: &Folder, run: u64) {
    let mut entries = conformance::memoized(id(run), run * 10, "embed", ("1", "a"));
    entries.extend(conformance::memoized(id(run), run * 10 + 1, "embed", ("1", "b")));
    run_of(folder, &record(run), &entries);
}

/// Changes the list behind the back of everybody.
fn change(home: &Path, sql: &str) {
    let list = Connection::open(home.join("instance.db")).expect("the list");
    list.execute_batch(sql).expect("it can be changed");
}

#[test]
fn what_was_told_while_others_had_the_list_is_remembered_later_and_once() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    let locked = fs::File::open(home.path().join("instance.lock")).expect("it is there");
    locked.lock().expect("nobody has it");
    writer.commit(&conformance::memoized(id(1), 1, "embed", ("1", "a"))).expect("it waits for nobody");
    assert_eq!(put(home.path(), "memo"), 0, "whoever has the list has not seen it");
    locked.unlock().expect("it is ours");
    writer.commit(&conformance::memoized(id(1), 2, "embed", ("1", "b"))).expect("committed");
    assert_eq!(versions(&folder), ["2", "1"]);
    drop(writer);
    assert_eq!(versions(&folder), ["2", "1"]);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn a_list_that_is_made_anew_remembers_what_its_runs_tell() {
    let (home, folder) = storage();
    (1..=2).for_each(|run| embed(&folder, run));
    folder.remove(id(1)).expect("removed");
    assert_eq!(versions(&folder), ["21", "20"], "it goes with its run");
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let folder = open(home.path());
    assert_eq!(versions(&folder), ["21", "20"]);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn what_another_instance_has_made_is_not_remembered_here() {
    let (home, folder) = storage();
    embed(&folder, 1);
    let parcel = home.path().join("run.orch");
    folder.export(id(1), &parcel).expect("exported");
    let (_elsewhere, other) = storage();
    other.import(&parcel).expect("imported");
    assert_eq!(versions(&other), [""; 0]);
    assert_eq!(other.check().expect("it can be checked"), []);
}

#[test]
fn what_is_not_as_it_was_told_is_found_and_never_taken() {
    let found = |sql: &str| -> String {
        let (home, folder) = storage();
        embed(&folder, 1);
        change(home.path(), sql);
        let findings = folder.check().expect("it can be checked");
        let told = findings.iter().map(|finding| told(home.path(), finding));
        told.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(found("UPDATE memo SET memo = replace(memo, '10', '12') WHERE event = 2"), @"`HOME/instance.db`: what a step of `embed` was made of, by event 2 of the run 00000000-0000-0000-0000-000000000001: it is not what was written");
    insta::assert_snapshot!(found("DELETE FROM memo WHERE event = 2"), @"`HOME/instance.db`: what is known of assets and memoized steps by the run 00000000-0000-0000-0000-000000000001 is not what its events say");
    let (home, folder) = storage();
    embed(&folder, 1);
    for (column, other) in [
        ("run", "'00000000-0000-0000-0000-000000000009'"),
        ("op", "'embedded'"),
        ("code", "'source 1'"),
        ("time", "time + 1"),
        ("memo", "replace(memo, '10', '12')"),
        ("sum", "sum + 1"),
    ] {
        let kept = "CREATE TABLE kept AS SELECT * FROM memo";
        change(home.path(), &format!("{kept}; UPDATE memo SET {column} = {other} WHERE event = 2"));
        let read = folder.memos(&MemoQuery::default());
        assert_eq!(*read.expect_err(column).kind(), StorageErrorKind::Corrupt, "{column}");
        change(home.path(), "DELETE FROM memo; INSERT INTO memo SELECT * FROM kept; DROP TABLE kept");
    }
    assert_eq!(versions(&folder), ["11", "10"]);
}
