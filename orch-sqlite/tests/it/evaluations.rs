//! What checks of assets have found, beside the list of runs.

use std::fs;
use std::path::Path;

use orch_core::asset::{CheckEvaluation, EvaluationQuery};
use orch_core::storage::{ReadAssets, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::Folder;
use rusqlite::Connection;

use crate::folders::{id, make, open, put, record, run_of, storage, told};

/// What is known, the newest first.
fn known(folder: &Folder) -> Vec<CheckEvaluation> {
    folder.evaluations(&EvaluationQuery::default()).expect("they can be read")
}

/// The numbers that they have found, the newest first.
fn numbers(folder: &Folder) -> Vec<String> {
    known(folder).into_iter().filter_map(|fact| fact.result.description).collect()
}

/// A run of an asset and of two checks of it.
fn look(folder: &Folder, run: u64) {
    let mut entries = conformance::asset(id(run), run * 10, "orders", None);
    entries.extend(conformance::check_of_asset(id(run), run * 10, "orders", "unique"));
    entries.extend(conformance::check_of_asset(id(run), run * 10 + 1, "orders", "fresh"));
    run_of(folder, &record(run), &entries);
}

/// Changes the list behind the back of everybody.
fn change(home: &Path, sql: &str) {
    let list = Connection::open(home.join("instance.db")).expect("the list");
    list.execute_batch(sql).expect("it can be changed");
}

#[test]
fn what_was_found_while_others_had_the_list_is_told_later_and_once() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    let locked = fs::File::open(home.path().join("instance.lock")).expect("it is there");
    locked.lock().expect("nobody has it");
    let first = conformance::check_of_asset(id(1), 1, "orders", "unique");
    writer.commit(&first).expect("it waits for nobody");
    assert_eq!(put(home.path(), "evaluation"), 0, "whoever has the list has not seen it");
    locked.unlock().expect("it is ours");
    writer.commit(&conformance::check_of_asset(id(1), 2, "orders", "unique")).expect("committed");
    assert_eq!(numbers(&folder), ["2", "1"]);
    drop(writer);
    assert_eq!(numbers(&folder), ["2", "1"]);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn a_list_that_is_made_anew_knows_what_was_found() {
    let (home, folder) = storage();
    (1..=2).for_each(|run| look(&folder, run));
    folder.remove(id(1)).expect("removed");
    assert_eq!(numbers(&folder), ["21", "20", "11", "10"], "what a run has found outlives it");
    assert_eq!(folder.check().expect("it can be checked"), []);
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let folder = open(home.path());
    assert_eq!(numbers(&folder), ["21", "20"], "but not the list");
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn what_another_instance_has_found_is_no_fact_here() {
    let (home, folder) = storage();
    look(&folder, 1);
    let parcel = home.path().join("run.orch");
    folder.export(id(1), &parcel).expect("exported");
    let (_elsewhere, other) = storage();
    other.import(&parcel).expect("imported");
    assert_eq!(numbers(&other), [""; 0]);
    assert_eq!(other.check().expect("it can be checked"), []);
}

#[test]
fn what_is_not_as_it_was_told_is_found() {
    let found = |sql: &str| -> String {
        let (home, folder) = storage();
        look(&folder, 1);
        change(home.path(), sql);
        let findings = folder.check().expect("it can be checked");
        let told = findings.iter().map(|finding| told(home.path(), finding));
        told.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(found("UPDATE evaluation SET fact = replace(fact, 'true', 'false')"), @r"
    `HOME/instance.db`: what the check `unique` of `orders` found, by event 6 of the run 00000000-0000-0000-0000-000000000001: it is not what was written
    `HOME/instance.db`: what the check `fresh` of `orders` found, by event 9 of the run 00000000-0000-0000-0000-000000000001: it is not what was written
    ");
    insta::assert_snapshot!(found("DELETE FROM evaluation WHERE name = 'fresh'"), @"`HOME/instance.db`: what is known of assets and memoized steps by the run 00000000-0000-0000-0000-000000000001 is not what its events say");
}

#[test]
fn a_changed_column_is_never_taken_for_what_was_found() {
    let (home, folder) = storage();
    look(&folder, 1);
    for (column, other) in [
        ("run", "'00000000-0000-0000-0000-000000000009'"),
        ("asset", "'order'"),
        ("name", "'uniqe'"),
        ("partition", "'monday'"),
        ("time", "time + 1"),
        ("fact", "replace(fact, 'unique', 'uniqe')"),
        ("sum", "sum + 1"),
    ] {
        let kept = "CREATE TABLE kept AS SELECT * FROM evaluation";
        change(
            home.path(),
            &format!("{kept}; UPDATE evaluation SET {column} = {other} WHERE name = 'unique'"),
        );
        let read = folder.evaluations(&EvaluationQuery::default());
        assert_eq!(*read.expect_err(column).kind(), StorageErrorKind::Corrupt, "{column}");
        let restore = "DELETE FROM evaluation; INSERT INTO evaluation SELECT * FROM kept; DROP TABLE kept";
        change(home.path(), restore);
    }
    assert_eq!(numbers(&folder), ["11", "10"]);
}

#[test]
fn what_is_damaged_of_the_latest_of_partitions_is_refused_and_found() {
    let found = |sql: &str| -> String {
        let (home, folder) = storage();
        for (run, days) in [(1, ["monday", "tuesday"]), (2, ["monday", "wednesday"])] {
            let entries = |day| {
                let entries = conformance::check_of_asset(id(run), run, "orders", "unique");
                conformance::of_partition(entries, day)
            };
            run_of(&folder, &record(run), &days.into_iter().flat_map(entries).collect::<Vec<_>>());
        }
        assert_eq!(folder.check().expect("it can be checked"), []);
        change(home.path(), sql);
        let latest = folder.latest_evaluations(&"orders".parse().expect("a key"), "unique");
        let mut lines: Vec<String> = match latest {
            Ok(latest) => latest
                .into_iter()
                .filter_map(|found| Some(format!("{} {}", found.partition?, found.run)))
                .collect(),
            Err(refused) => vec![format!("refused: {}", told(home.path(), &refused))],
        };
        let findings = folder.check().expect("it can be checked");
        lines.extend(findings.iter().map(|finding| format!("check: {}", told(home.path(), finding))));
        lines.join("\n")
    };
    insta::assert_snapshot!(found("SELECT 1"), @r"
    monday 00000000-0000-0000-0000-000000000002
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    ");
    insta::assert_snapshot!(found("UPDATE evaluation SET fact = '{}' WHERE run LIKE '%2' AND partition = 'monday'"), @r"
    refused: `HOME/instance.db` is damaged: what the check `unique` of `orders` found, by event 2 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what the check `unique` of `orders` found, by event 2 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    ");
    insta::assert_snapshot!(found("DELETE FROM evaluation WHERE run LIKE '%2' AND partition = 'monday'"), @r"
    refused: `HOME/instance.db` is damaged: what the check `unique` of `orders` found, by event 2 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what the check `unique` of `orders` found last is not what its facts say
    check: `HOME/instance.db`: what is known of assets and memoized steps by the run 00000000-0000-0000-0000-000000000002 is not what its events say
    ");
    insta::assert_snapshot!(found("UPDATE check_partition SET event = event + 1 WHERE partition = 'monday'"), @r"
    refused: `HOME/instance.db` is damaged: what the check `unique` of `orders` found, by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what the check `unique` of `orders` found last is not what its facts say
    ");
    insta::assert_snapshot!(found("UPDATE check_partition SET partition = 'friday' WHERE partition = 'monday'"), @r"
    refused: `HOME/instance.db` is damaged: what the check `unique` of `orders` found, by event 2 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what the check `unique` of `orders` found last is not what its facts say
    ");
    insta::assert_snapshot!(found("DELETE FROM check_partition WHERE partition = 'monday'"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    check: `HOME/instance.db`: what the check `unique` of `orders` found last is not what its facts say
    ");
}
