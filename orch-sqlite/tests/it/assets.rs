//! What is known of assets, beside the list of runs.

use std::fs;
use std::path::Path;

use orch_core::asset::{Materialization, MaterializationQuery};
use orch_core::event::{Entry, Event, EventKind};
use orch_core::storage::{ArtifactRef, ReadAssets, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::{Folder, Retention};
use rusqlite::Connection;

use crate::folders::{Empty, at, id, make, open, put, record, run_of, run_to_its_end, storage, told};

const ALL: Retention = Retention { runs: None, days: None, bytes: None };

fn known(folder: &Folder) -> Vec<Materialization> {
    folder.materializations(&MaterializationQuery::default()).expect("the facts can be read")
}

/// The numbers of the materializations, the newest first.
fn numbers(folder: &Folder) -> Vec<String> {
    known(folder).iter().filter_map(|fact| Some(fact.data_version.as_ref()?.to_string())).collect()
}

fn file(folder: &Folder, name: &str) -> ArtifactRef {
    let files = folder.asset_files().expect("the files of assets");
    files.write(name, &mut |out| Ok(out.write_all(b"the value")?)).expect("written")
}

/// A run of one asset whose value lies with the fact, and one whose value lies in a file.
fn materialize(folder: &Folder, run: u64) {
    let file = file(folder, &format!("pages/{run}"));
    let mut entries = conformance::asset(id(run), run * 10, "orders", None);
    entries.extend(conformance::asset(id(run), run * 10 + 1, "pages", Some(&file)));
    run_of(folder, &record(run), &entries);
}

/// Changes the list behind the back of everybody.
fn change(home: &Path, sql: &str) {
    let list = Connection::open(home.join("instance.db")).expect("the list");
    list.execute_batch(sql).expect("it can be changed");
}

#[test]
fn a_commit_waits_for_nobody_who_has_the_list() {
    for then in ["goes on", "ends", "dies"] {
        let (home, folder) = storage();
        let mut writer = make(&folder, 1);
        let locked = fs::File::open(home.path().join("instance.lock")).expect("it is there");
        locked.lock().expect("nobody has it");
        writer.commit(&conformance::asset(id(1), 1, "orders", None)).expect("it waits for nobody");
        writer.commit(&conformance::asset(id(1), 2, "orders", None)).expect("it waits for nobody");
        let end = Event::new(at(9), id(1), None, 0, EventKind::RunSuccess);
        if then == "ends" {
            writer.commit(&[end.into()]).expect("it waits for nobody");
        }
        assert_eq!(put(home.path(), "fact"), 0, "whoever has the list has not seen them");
        locked.unlock().expect("it is ours");
        match then {
            "goes on" => writer.commit(&conformance::step(id(1), 1)).expect("committed"),
            "ends" => writer.update(&record(1)).expect("listed"),
            _ => drop(writer),
        }
        assert_eq!(numbers(&folder), ["2", "1"], "it {then}");
        assert_eq!(folder.assets().expect("they are known")[0].materializations, 2);
        assert_eq!(folder.check().expect("it can be checked"), []);
    }
}

#[test]
fn what_another_instance_has_materialized_is_no_fact_here() {
    let (home, folder) = storage();
    materialize(&folder, 1);
    let parcel = home.path().join("run.orch");
    folder.export(id(1), &parcel).expect("exported");
    let (elsewhere, other) = storage();
    materialize(&other, 2);
    let before = known(&other);
    other.import(&parcel).expect("imported");
    assert_eq!(known(&other), before);
    let mut writer = other.reopen(id(1)).expect("nobody holds it");
    writer.commit(&conformance::asset(id(1), 30, "orders", None)).expect("it goes on");
    drop(writer);
    assert_eq!(numbers(&other), ["30", "21", "20"], "what it materializes here is one");
    assert_eq!(other.check().expect("it can be checked"), []);
    drop(other);
    // Nor does it become one when the list is made anew.
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(elsewhere.path().join(file));
    }
    let other = open(elsewhere.path());
    assert_eq!(numbers(&other), ["30", "21", "20"]);
    // Whoever takes a run back in knows what it has made.
    folder.remove(id(1)).expect("removed");
    folder.import(&parcel).expect("imported");
    assert_eq!(numbers(&folder), ["11", "10"]);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn earlier_values_go_when_their_runs_are_gone() {
    let (home, folder) = storage();
    (1..=3).for_each(|run| materialize(&folder, run));
    let there = |run: u64| home.path().join(format!("assets/pages/{run}")).exists();
    let values = || -> Vec<bool> {
        let of_orders = known(&folder).into_iter().filter(|fact| fact.asset.as_str() == "orders");
        of_orders.map(|fact| folder.asset_value(&fact).expect("it can be read").is_some()).collect()
    };
    let cleared = || folder.gc(&ALL, at(9)).expect("it can be cleared").superseded;
    assert_eq!(cleared(), 0, "their runs are there");
    folder.remove(id(1)).expect("removed");
    assert_eq!((values(), there(1)), (vec![true; 3], true), "until it is cleared away");
    let collected = folder.gc(&ALL, at(9)).expect("it can be cleared");
    assert_eq!((collected.superseded, collected.bytes), (2, 8 + 9));
    assert_eq!((values(), there(1), there(2)), (vec![true, true, false], false, true));
    assert_eq!(cleared(), 0);
    folder.remove(id(3)).expect("removed");
    folder.remove(id(2)).expect("removed");
    assert_eq!(cleared(), 2);
    assert_eq!((values(), there(2), there(3)), (vec![true, false, false], false, true), "the latest stay");
    assert_eq!(numbers(&folder), ["31", "30", "21", "20", "11", "10"], "the facts stay");
    assert_eq!(folder.check().expect("it can be checked"), []);
    // A run under way may lose with the power what it has told.
    let mut writer = make(&folder, 4);
    writer.commit(&conformance::asset(id(4), 40, "orders", None)).expect("committed");
    assert_eq!(cleared(), 0);
    drop(writer);
    assert_eq!(cleared(), 1, "it is settled");
}

#[test]
fn a_partition_is_taken_by_none_but_itself() {
    let (_home, folder) = storage();
    let of_day = |run: u64, day: &str| -> Vec<Entry> {
        let mut entries = conformance::asset(id(run), run, "orders", None);
        if let EventKind::AssetMaterialization { partition, .. } = &mut entries[2].event.kind {
            *partition = Some(day.into());
        }
        entries
    };
    run_of(&folder, &record(1), &of_day(1, "monday"));
    run_of(&folder, &record(2), &of_day(2, "tuesday"));
    run_of(&folder, &record(3), &conformance::asset(id(3), 3, "orders", None));
    (1..=3).for_each(|run| folder.remove(id(run)).expect("removed"));
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").superseded, 0);
    run_of(&folder, &record(4), &of_day(4, "monday"));
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").superseded, 1);
    let values: Vec<_> =
        known(&folder).iter().map(|fact| folder.asset_value(fact).expect("readable").is_some()).collect();
    assert_eq!(values, [true, true, true, false]);
}

#[test]
fn an_observation_takes_the_place_of_no_value() {
    let (home, folder) = storage();
    materialize(&folder, 1);
    let mut entries = conformance::observation(id(2), 20, "orders");
    entries.extend(conformance::observation(id(2), 21, "pages"));
    run_of(&folder, &record(2), &entries);
    folder.remove(id(1)).expect("removed");
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").superseded, 0);
    assert_eq!(numbers(&folder), ["21", "20", "11", "10"]);
    assert!(home.path().join("assets/pages/1").exists(), "what others keep here is still taken");
    assert_eq!(folder.check().expect("it can be checked"), []);
    fs::write(home.path().join("assets/pages/1"), "another").expect("changed");
    assert_eq!(folder.check().expect("it can be checked").len(), 1, "and is looked at");
}

#[test]
fn a_file_stays_as_long_as_one_fact_needs_it() {
    let (home, folder) = storage();
    let shared = file(&folder, "pages/shared");
    // A run that has gone on and made the asset anew, and another that has taken its file over.
    let mut entries = conformance::asset(id(1), 1, "pages", Some(&shared));
    entries.extend(conformance::asset(id(1), 2, "pages", Some(&shared)));
    run_of(&folder, &record(1), &entries);
    run_of(&folder, &record(2), &conformance::asset(id(2), 3, "pages", Some(&shared)));
    folder.remove(id(1)).expect("removed");
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").superseded, 2);
    assert_eq!(folder.check().expect("it can be checked"), []);
    folder.remove(id(2)).expect("removed");
    materialize(&folder, 3);
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").superseded, 1);
    assert!(!home.path().join("assets/pages/shared").exists(), "nobody needs it");
}

#[test]
fn files_that_were_never_complete_are_swept_away_when_nobody_may_write_them() {
    let (home, folder) = storage();
    materialize(&folder, 1);
    let half = home.path().join("assets/pages/2.7-0.part");
    fs::write(&half, "half").expect("written");
    let writer = make(&folder, 2);
    assert_eq!(folder.gc(&ALL, at(9)).expect("it can be cleared").swept, 0);
    assert!(half.exists(), "whoever holds a run may be writing it");
    drop(writer);
    let collected = folder.gc(&ALL, at(9)).expect("it can be cleared");
    assert_eq!((collected.swept, collected.bytes), (1, 4));
    assert!(!half.exists());
}

#[test]
fn a_list_that_is_made_anew_knows_what_the_runs_tell() {
    let (home, folder) = storage();
    (1..=2).for_each(|run| materialize(&folder, run));
    let mut writer = make(&folder, 3);
    writer.commit(&conformance::asset(id(3), 30, "orders", None)).expect("committed");
    drop(writer);
    let before = (known(&folder), folder.assets().expect("they are known"));
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let folder = open(home.path());
    assert_eq!((known(&folder), folder.assets().expect("they are known")), before);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn a_backup_has_what_is_known_of_assets_and_their_files() {
    let (home, folder) = storage();
    (1..=2).for_each(|run| materialize(&folder, run));
    folder.remove(id(1)).expect("removed");
    fs::write(home.path().join("assets/pages/3.7-0.part"), "half").expect("written");
    let mut writer = make(&folder, 3);
    writer.commit(&conformance::asset(id(3), 30, "orders", None)).expect("committed");
    let elsewhere = Empty::new();
    let to = elsewhere.path().join("copy");
    folder.backup(&to).expect("it can be copied");
    let copy = open(&to);
    assert_eq!(known(&copy), known(&folder));
    assert_eq!(copy.check().expect("it can be checked"), []);
    let mut files: Vec<_> = fs::read_dir(to.join("assets/pages"))
        .expect("they are there")
        .map(|file| file.expect("it is there").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, ["1", "2"]);
}

#[test]
fn a_folder_says_how_many_assets_it_knows() {
    let (_home, folder) = storage();
    let info = folder.info().expect("it can be read");
    assert_eq!((info.assets, info.asset_bytes), (0, 0));
    (1..=2).for_each(|run| materialize(&folder, run));
    let info = folder.info().expect("it can be read");
    assert_eq!((info.assets, info.asset_bytes), (2, 18));
}

#[test]
fn what_is_not_as_it_was_told_is_found() {
    let found = |damage: &dyn Fn(&Path)| -> String {
        let (home, folder) = storage();
        (1..=2).for_each(|run| materialize(&folder, run));
        run_to_its_end(&folder, &record(3));
        folder.remove(id(1)).expect("removed");
        assert_eq!(folder.check().expect("it can be checked"), []);
        damage(home.path());
        let findings = folder.check().expect("it can be checked");
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| told(home.path(), &format!("{finding}\n  hint: {}", finding.hint)))
            .collect();
        findings.join("\n")
    };
    let of = |sql: &'static str| found(&move |home| change(home, sql));
    insta::assert_snapshot!(of("UPDATE fact SET fact = replace(fact, '20', '21') WHERE event = 3"), @r"
    `HOME/instance.db`: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000001: it is not what was written; something newer has taken its place
      hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    `HOME/instance.db`: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
    insta::assert_snapshot!(of("UPDATE fact SET value = x'00' WHERE event = 3 AND run LIKE '%1'"), @r"
    `HOME/instance.db`: the value of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000001 is not what was written; something newer has taken its place
      hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    ");
    insta::assert_snapshot!(of("DELETE FROM fact WHERE event = 3 AND run LIKE '%2'"), @r"
    `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    `HOME/instance.db`: what is known of assets and memoized steps by the run 00000000-0000-0000-0000-000000000002 is not what its events say
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
    insta::assert_snapshot!(of("UPDATE asset SET materializations = 7 WHERE key = 'pages'"), @r"
    `HOME/instance.db`: what is known of `pages` at a glance is not what its facts say
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
    let changed = |home: &Path| fs::write(home.join("assets/pages/2"), "the valve").expect("written");
    insta::assert_snapshot!(found(&changed), @r"
    `HOME/assets/pages/2`: the value of the asset `pages`: it is not what was written
      hint: restore it from a backup, or materialize the asset anew
    ");
    let gone = |home: &Path| fs::remove_file(home.join("assets/pages/2")).expect("it is there");
    insta::assert_snapshot!(found(&gone), @r"
    the value of the asset `pages`: `HOME/assets/pages/2` cannot be read: it is not there
      hint: restore it from a backup, or materialize the asset anew
    ");
    let earlier = |home: &Path| fs::remove_file(home.join("assets/pages/1")).expect("it is there");
    assert_eq!(found(&earlier), "", "it may have been cleared away");
}

#[test]
fn a_changed_bit_is_never_taken_for_the_fact() {
    let (home, folder) = storage();
    materialize(&folder, 1);
    let latest = known(&folder).pop().expect("a fact");
    for (column, other) in [
        ("run", "'00000000-0000-0000-0000-000000000009'"),
        ("asset", "'order'"),
        ("partition", "'monday'"),
        ("time", "time + 1"),
        ("fact", "replace(fact, 'rows', 'rowz')"),
        ("sum", "sum + 1"),
        ("observed", "1 - observed"),
    ] {
        change(
            home.path(),
            &format!(
                "CREATE TABLE kept AS SELECT * FROM fact; UPDATE fact SET {column} = {other} WHERE event = 3"
            ),
        );
        let read = folder.materializations(&MaterializationQuery::default());
        assert_eq!(*read.expect_err(column).kind(), StorageErrorKind::Corrupt, "{column}");
        change(home.path(), "DELETE FROM fact; INSERT INTO fact SELECT * FROM kept; DROP TABLE kept");
    }
    assert!(folder.asset_value(&latest).expect("it can be read").is_some());
    change(home.path(), "UPDATE fact SET value = x'01' WHERE event = 3");
    let refused = folder.asset_value(&latest).expect_err("it has changed");
    insta::assert_snapshot!(told(home.path(), &refused), @"`HOME/instance.db` is damaged: the value of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000001 is not what was written");
}

#[test]
fn one_that_is_damaged_hides_no_other_and_is_mended_by_the_next() {
    let (home, folder) = storage();
    materialize(&folder, 1);
    let keys = || -> Vec<_> {
        folder.assets().expect("they are known").iter().map(|asset| asset.key.to_string()).collect()
    };
    assert_eq!(keys(), ["orders", "pages"]);
    change(home.path(), "UPDATE fact SET fact = replace(fact, 'rows', 'rowz') WHERE event = 3");
    assert_eq!(keys(), ["pages"]);
    let damaged = folder.damaged_assets().expect("it can be looked for");
    let damaged: Vec<_> = damaged
        .iter()
        .map(|error| told(home.path(), &format!("{error}\n  hint: {}", error.advice().unwrap_or("none"))))
        .collect();
    insta::assert_snapshot!(damaged.join("\n"), @r"
    `HOME/instance.db` is damaged: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000001: it is not what was written
      hint: materialize the asset, or its partition, anew; or go back to a backup of the whole folder
    ");
    let latest = MaterializationQuery {
        asset: "orders".parse().ok(),
        limit: Some(1),
        ..MaterializationQuery::default()
    };
    assert_eq!(
        *folder.materializations(&latest).expect_err("no older one").kind(),
        StorageErrorKind::Corrupt
    );
    materialize(&folder, 2);
    assert_eq!(keys(), ["orders", "pages"]);
    assert_eq!(folder.damaged_assets().expect("it can be looked for").len(), 0);
    assert_eq!(folder.materializations(&latest).expect("it was made anew").len(), 1);
}

#[test]
fn a_damaged_one_of_history_is_left_out_where_it_is_shown_and_told_and_refused_to_who_needs_it() {
    let (home, folder) = storage();
    (1..=3).for_each(|run| materialize(&folder, run));
    let all = MaterializationQuery { asset: "orders".parse().ok(), ..MaterializationQuery::default() };
    let shown = |query: &MaterializationQuery| -> String {
        let (facts, damaged) = folder.history(query).expect("it can be read");
        let facts = facts.iter().map(|fact| fact.run.to_string());
        let damaged = damaged.iter().map(|error| {
            let hint = error.advice().unwrap_or("none");
            format!("warning: {}\n  hint: {hint}", told(home.path(), error))
        });
        facts.chain(damaged).collect::<Vec<_>>().join("\n")
    };
    change(
        home.path(),
        "UPDATE fact SET fact = replace(fact, 'rows', 'rowz') WHERE event = 3 AND run LIKE '%2'",
    );
    insta::assert_snapshot!(shown(&all), @r"
    00000000-0000-0000-0000-000000000003
    00000000-0000-0000-0000-000000000001
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
      hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    ");
    let refused = |query: &MaterializationQuery| {
        let refused = folder.materializations(query).expect_err("it is damaged");
        assert_eq!(*refused.kind(), StorageErrorKind::Corrupt);
    };
    refused(&all);
    refused(&MaterializationQuery { run: Some(id(2)), ..all.clone() });
    let latest = MaterializationQuery { limit: Some(1), ..all.clone() };
    assert_eq!(folder.materializations(&latest).expect("it is whole").len(), 1);
    assert_eq!(folder.damaged_assets().expect("it can be looked for").len(), 0, "it is not the latest");
    // Of the latest is told with all others that are.
    change(
        home.path(),
        "UPDATE fact SET fact = replace(fact, 'rows', 'rowz') WHERE event = 3 AND run LIKE '%3'",
    );
    insta::assert_snapshot!(shown(&all), @r"
    00000000-0000-0000-0000-000000000001
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
      hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    ");
    assert_eq!(shown(&latest), "");
    assert_eq!(folder.damaged_assets().expect("it can be looked for").len(), 1);
}

#[test]
fn what_is_damaged_of_the_latest_of_partitions_hides_no_other_is_told_and_mended_by_the_next() {
    let partitions = |folder: &Folder| -> Vec<String> {
        let latest = folder.latest_partitions(&"orders".parse().expect("a key")).expect("it can be read");
        latest.into_iter().filter_map(|fact| Some(format!("{} {}", fact.partition?, fact.run))).collect()
    };
    let make = |folder: &Folder, run, days: &[&str]| {
        let of_day = |day| conformance::of_partition(conformance::asset(id(run), run, "orders", None), day);
        run_of(folder, &record(run), &days.iter().copied().flat_map(of_day).collect::<Vec<_>>());
    };
    let found = |sql: &str| -> String {
        let (home, folder) = storage();
        make(&folder, 1, &["monday", "tuesday"]);
        make(&folder, 2, &["monday", "wednesday"]);
        assert_eq!(folder.check().expect("it can be checked"), []);
        change(home.path(), sql);
        let damaged = folder.damaged_assets().expect("it can be looked for");
        let findings = folder.check().expect("it can be checked");
        let mut lines = partitions(&folder);
        lines.extend(damaged.iter().map(|error| format!("warning: {}", told(home.path(), error))));
        lines.extend(findings.iter().map(|finding| format!("check: {}", told(home.path(), finding))));
        make(&folder, 3, &["monday"]);
        assert_eq!(partitions(&folder)[0], format!("monday {}", id(3)), "{sql}");
        lines.join("\n")
    };
    insta::assert_snapshot!(found("SELECT 1"), @r"
    monday 00000000-0000-0000-0000-000000000002
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    ");
    insta::assert_snapshot!(found("UPDATE fact SET fact = replace(fact, 'rows', 'rowz') WHERE id = 3"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    ");
    insta::assert_snapshot!(found("UPDATE fact SET fact = replace(fact, 'rows', 'rowz') WHERE id = 1"), @r"
    monday 00000000-0000-0000-0000-000000000002
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    check: `HOME/instance.db`: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000001: it is not what was written; something newer has taken its place
    ");
    insta::assert_snapshot!(found("UPDATE fact SET partition = 'friday' WHERE id = 3"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: the materialization of `orders` by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
    ");
    insta::assert_snapshot!(found("UPDATE asset_partition SET latest = 4 WHERE partition = 'monday'"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 7 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    check: `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
    ");
    insta::assert_snapshot!(found("UPDATE asset_partition SET latest = 1 WHERE partition = 'monday'"), @r"
    monday 00000000-0000-0000-0000-000000000001
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    check: `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
    ");
    insta::assert_snapshot!(found("UPDATE asset_partition SET latest = 9 WHERE partition = 'monday'"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    check: `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
    ");
    insta::assert_snapshot!(found("DELETE FROM asset_partition WHERE partition = 'monday'"), @r"
    tuesday 00000000-0000-0000-0000-000000000001
    wednesday 00000000-0000-0000-0000-000000000002
    check: `HOME/instance.db`: what is known of `orders` at a glance is not what its facts say
    ");
}
