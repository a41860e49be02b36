//! What memoized steps were made of, beside the list of runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use orch_core::define::{JobOptions, Memoize, One, OpDef};
use orch_core::graph::{Call, Job, lit};
use orch_core::io::Coded;
use orch_core::memo::MemoQuery;
use orch_core::storage::{ReadRuns, RunQuery, Storage, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::Folder;
use rusqlite::Connection;

use crate::folders::{id, make, open, put, record, run_of, storage, told};

/// The versions of what was given, the newest first.
fn versions(folder: &Folder) -> Vec<String> {
    let memos = folder.memos(&MemoQuery::default()).expect("they can be read");
    memos.iter().flat_map(|memo| memo.outputs.values().flatten()).map(ToString::to_string).collect()
}

/// Likewise what is known of each recipe of an op, in the order in which it was given.
fn latest(folder: &Folder) -> Vec<String> {
    let latest = folder.latest_memos("embed", "code_version 1").expect("they can be read");
    let mut versions: Vec<_> =
        latest.iter().flat_map(|given| given.outputs.values().flatten()).map(ToString::to_string).collect();
    versions.sort();
    versions
}

/// A job of two steps of a memoized op.
fn doubles() -> Job {
    let double = OpDef::builder("double").code_version("1").memoize(Memoize::of("mail::double"));
    let double = double.input::<i64>("x").input_codec(Coded::<i64>::CODEC).returns::<One<i64, 0>>();
    let double = double.coded([Coded::<i64>::CODEC]).blocking(|mut args| Ok(args.take::<i64>(0)? * 2)).into();
    Job::compose(JobOptions::new("doubles"), || {
        for x in [1, 2] {
            Call::of(&double).input::<i64>(lit(x)).place::<One<i64, 0>>();
        }
    })
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
        ("key", "key || 'f'"),
        ("key", "(SELECT key FROM memo WHERE event = 5)"),
        ("key", "CAST(x'ff' AS TEXT)"),
        ("time", "time + 1"),
        ("memo", "replace(memo, '10', '12')"),
        ("memo", "CAST(x'ff' AS TEXT)"),
        ("sum", "sum + 1"),
    ] {
        let kept = "CREATE TABLE kept AS SELECT * FROM memo";
        change(home.path(), &format!("{kept}; UPDATE memo SET {column} = {other} WHERE event = 2"));
        let read = folder.memos(&MemoQuery::default());
        assert_eq!(*read.expect_err(column).kind(), StorageErrorKind::Corrupt, "{column}");
        assert_eq!(latest(&folder), ["11"], "{column}");
        change(home.path(), "DELETE FROM memo; INSERT INTO memo SELECT * FROM kept; DROP TABLE kept");
    }
    assert_eq!(versions(&folder), ["11", "10"]);
    // Of several of one recipe the others are as good.
    embed(&folder, 2);
    assert_eq!(latest(&folder), ["20", "21"]);
    change(home.path(), "UPDATE memo SET time = time + 1 WHERE run LIKE '%2' AND event = 2");
    assert_eq!(latest(&folder), ["10", "21"]);
}

#[test]
fn what_is_damaged_is_made_anew_and_what_cannot_be_read_is_told() {
    let (home, folder) = storage();
    let storage: Arc<dyn Storage> = Arc::new(folder);
    let run = |number: u64| doubles().runner().run_id(id(number)).record(&storage).run_blocking();
    let memoized = |number: u64| {
        run(number).expect("it ends well");
        storage.run(id(number)).expect("it is there").counts.memoized
    };
    assert_eq!([memoized(1), memoized(2)], [0, 2]);
    change(home.path(), "UPDATE memo SET time = time + 1 WHERE event = (SELECT min(event) FROM memo)");
    assert_eq!([memoized(3), memoized(4)], [1, 2], "all others stand, and what is made anew is remembered");
    change(home.path(), "ALTER TABLE memo RENAME TO lost");
    let refused = run(5).expect_err("it cannot be known what has been given");
    let told = refused.to_string().replace(&home.path().display().to_string(), "HOME");
    insta::assert_snapshot!(told, @r"
    what is remembered of `mail::double` cannot be read: `HOME/instance.db` cannot be read: no such table: memo
      hint: begin a run that asks for nothing of it: `--no-memos`
    ");
    assert_eq!(storage.runs(&RunQuery::default()).expect("they can be read").len(), 4, "none was made");
}
