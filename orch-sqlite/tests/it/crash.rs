//! A process that dies at any of its writes leaves either no run or one that goes on, and nothing that was acknowledged
//! is lost.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use orch_core::asset::{Materialization, MaterializationQuery, ValueAt};
use orch_core::event::{Event, EventKind, RunStatus};
use orch_core::storage::{
    BackfillMark, Facts, ReadAssets, ReadBackfills, ReadKeySets, ReadRuns, RunQuery, RunRecord, Unit,
    WriteBackfills, WriteKeySets, WriteRuns, conformance,
};
use orch_sqlite::{Folder, Retention};

use crate::folders::{Empty, at, await_facts, events, id, make, open, record, run_of};
use crate::programs::{program, said, say};
use crate::status;

/// Writes that only follow from a failure: of the disk, as `faulty` has them, or of a program that was killed before. There a
/// process dies at each by which a doubt is cleared.
const SELDOM: [&str; 7] =
    ["artifact.sweep", "doubt.clear", "doubt.note", "file.sweep", "file.try", "parcel.sweep", "run.sweep"];

/// Has most of the list used by nothing.
pub(crate) fn leave_room(home: &Path) {
    let list = rusqlite::Connection::open(home.join("instance.db")).expect("the list");
    list.execute("INSERT INTO removed (id) VALUES (hex(zeroblob(2000000)))", []).expect("it is put there");
    list.execute("DELETE FROM removed WHERE length(id) > 1000", []).expect("it goes");
}

/// A life with every write there is. Says what is acknowledged, as soon as it is.
pub(crate) fn live(home: &Path) {
    let folder = open(&home.join(".orch"));
    let mut writer = make(&folder, 1);
    say(&"made");
    let files = folder.artifacts(id(1)).expect("the files of the run");
    for (number, value) in [(1, b"first"), (2, b"other")] {
        files.write("load/result", &mut |out| Ok(out.write_all(value)?)).expect("written");
        writer.commit(&conformance::asset(id(1), number, "orders", None)).expect("committed");
        await_facts(&folder);
        say(&"committed");
    }
    writer.update(&record(1)).expect("listed");
    drop(writer);
    let mut writer = folder.reopen(id(1)).expect("nobody holds it");
    let end = Event::new(at(9), id(1), None, 0, EventKind::RunSuccess);
    writer.commit(&[end.into()]).expect("committed");
    say(&"ended");
    drop(writer);
    assert_eq!(folder.run(id(1)).expect("it is listed").status, RunStatus::Success);
    materialize(&folder, 2);
    materialize(&folder, 3);
    say(&"more");
    backfill(&folder);
    say(&"canceled");
    // Those of before were moved away, and what SQLite kept beside was not.
    fs::write(folder.path().join("keys.db-wal"), "of others").expect("it can be written");
    folder.add_keys("customers", &["acme", "beta"]).expect("added");
    folder.remove_keys("customers", &["acme"]).expect("removed");
    say(&"keys");
    folder.export(id(2), &home.join("parcel")).expect("exported");
    say(&"exported");
    folder.remove(id(2)).expect("removed");
    say(&"removed");
    folder.import(&home.join("parcel")).expect("imported");
    say(&"imported");
    folder.backup(&home.join("backup")).expect("copied");
    let keep = Retention { runs: Some(1), days: None, bytes: None };
    folder.gc(&keep, at(10)).expect("cleared");
    leave_room(folder.path());
    assert!(folder.compact().expect("it is written anew") > 3_000_000);
    fill_the_log(&folder);
    fill_the_list(&folder);
}

/// Makes a run of two assets to its end. The value of one lies with the fact, that of the other in a file.
fn materialize(folder: &Folder, run: u64) {
    let files = folder.asset_files().expect("the files of assets");
    let file = files.write(&format!("pages/{run}"), &mut |out| Ok(out.write_all(b"many")?)).expect("written");
    let mut entries = conformance::asset(id(run), run * 10, "orders", None);
    entries.extend(conformance::asset(id(run), run * 10 + 1, "pages", Some(&file)));
    run_of(folder, &record(run), &entries);
}

/// Launches a backfill with one run, and cancels it; another one is over and has none.
fn backfill(folder: &Folder) {
    let launched = conformance::backfill(4, 1);
    let hold = folder.create_backfill(&launched).expect("made");
    let tags = Unit { group: 0, chunk: 0 }.tags(launched.id);
    // Older than those of which the newest is kept in the end.
    let run = RunRecord::new(id(4), "job", tags, at(0));
    drop(folder.create(&run, &conformance::pinned()).expect("it is admitted"));
    drop(hold);
    folder.mark_backfill(launched.id, BackfillMark::Canceled(at(9))).expect("marked");
    let over = conformance::backfill(5, 1);
    drop(folder.create_backfill(&over).expect("made"));
    folder.mark_backfill(over.id, BackfillMark::Ended(at(9))).expect("marked");
}

/// Commits so much that the next commit brings it into the database, that of the run and that of facts.
fn fill_the_log(folder: &Folder) {
    let mut writer = folder.reopen(id(3)).expect("nobody holds it");
    let mut large = conformance::asset(id(3), 40, "orders", None);
    large[1].value = Some(vec![7; 5 << 20].into());
    writer.commit(&large).expect("committed");
    await_facts(folder);
    writer.commit(&status::many(id(3), 100)).expect("committed");
    status::is_what_facts_say(folder, "days");
    await_facts(folder);
    writer.commit(&conformance::step(id(3), 2)).expect("committed");
}

/// Lists a run whose line is so large that the list is brought into its database.
fn fill_the_list(folder: &Folder) {
    let tags = [("note".to_owned(), "large ".repeat(1 << 20))].into();
    drop(
        folder
            .create(&RunRecord::new(id(6), "job", tags, at(6)), &conformance::pinned())
            .expect("it can be made"),
    );
    say(&"filled");
}

#[test]
fn a_process_may_die_at_any_of_its_writes() {
    let home = Empty::in_memory();
    let log = home.path().join("passed");
    let mut program = program("live", home.path());
    let program = program.env("ORCH_CRASH_LOG", &log).status().expect("it can be begun");
    assert!(program.success());
    let passed = fs::read_to_string(&log).expect("boundaries were passed");
    let passed: Vec<_> = passed.lines().collect();
    let of: BTreeSet<_> = passed.iter().filter_map(|name| name.strip_prefix("before ")).collect();
    let names = conformance::boundaries::names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let never: Vec<_> = names.into_iter().filter(|name| !of.contains(&**name)).collect();
    assert_eq!(never, SELDOM, "each write is made once in the life that is cut short here");
    for number in 1..=passed.len() {
        die_at(number, passed[number - 1]);
    }
}

/// A name lasts when the folder that it is in was brought to the disk, and a file is whole under it if it was before.
#[test]
fn what_gets_a_name_is_brought_to_the_disk_in_order() {
    let home = Empty::in_memory();
    let log = home.path().join("passed");
    let whole = program("live", home.path()).env("ORCH_CRASH_LOG", &log).status();
    assert!(whole.expect("it can be begun").success());
    let passed = fs::read_to_string(&log).expect("boundaries were passed");
    let before: Vec<_> = passed.lines().filter_map(|name| name.strip_prefix("before ")).collect();
    let first = |name: &str, many: usize| {
        let at = before.iter().position(|passed| *passed == name).expect("it is passed");
        before[at..at + many].join(", ")
    };
    insta::assert_snapshot!(first("home.make", 5), @"home.make, home.make, home.make, home.make, gitignore.write");
    insta::assert_snapshot!(first("database.make", 7), @"database.make, database.migrate, database.make, database.complete, database.complete, database.complete, database.wal");
    insta::assert_snapshot!(first("runs.sync", 1), @"runs.sync");
    insta::assert_snapshot!(first("artifact.folder", 8), @"artifact.folder, artifact.folder, artifact.folder, artifact.folder, artifact.write, file.sync, file.rename, file.sync_folder");
    insta::assert_snapshot!(first("parcel.pack", 4), @"parcel.pack, parcel.complete, parcel.complete, parcel.complete");
    insta::assert_snapshot!(first("backup.file", 3), @"backup.file, backup.file, backup.file");
    insta::assert_snapshot!(first("backup.sync", 2), @"backup.sync, backup.sync");
    insta::assert_snapshot!(first("backup.folder", 5), @"backup.folder, backup.folder, backup.folder, backup.folder, database.copy");
}

#[test]
fn who_dies_while_it_makes_a_lost_list_anew_leaves_none_that_lacks_runs() {
    let lost = || {
        let home = Empty::in_memory();
        let folder = open(home.path());
        (1..=3).for_each(|number| materialize(&folder, number));
        let facts = all_facts(&folder);
        assert_eq!(facts.len(), 6);
        drop(folder);
        for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
            let _ = fs::remove_file(home.path().join(file));
        }
        (home, facts)
    };
    let (home, _) = lost();
    let log = home.path().join("passed");
    let whole = program("open", home.path()).env("ORCH_CRASH_LOG", &log).status();
    assert!(whole.expect("it can be begun").success());
    let passed = fs::read_to_string(&log).expect("boundaries were passed");
    assert!(passed.contains("database.migrate"), "{passed}");
    for (number, name) in passed.lines().enumerate() {
        let (home, facts) = lost();
        let died = program("open", home.path()).env("ORCH_CRASH_AT", (number + 1).to_string()).status();
        assert!(is_kill(died.expect("it can be begun")), "it is killed at {name}");
        let folder = open(home.path());
        assert_eq!(all_facts(&folder), facts, "killed at {name}");
        let runs = folder.runs(&RunQuery::default()).expect("a list");
        let ended = runs.iter().filter(|run| run.status == RunStatus::Success).count();
        assert_eq!((runs.len(), ended), (3, 3), "killed at {name}");
    }
}

fn all_facts(folder: &Folder) -> Vec<Materialization> {
    folder.materializations(&MaterializationQuery::default()).expect("the facts can be read")
}

/// What is known of assets is what the logs tell, and the values of the latest are there.
pub(crate) fn knows_what_the_logs_tell(folder: &Folder, runs: &[RunRecord], place: &str) {
    let known = all_facts(folder);
    for run in runs {
        let mut facts = Facts::default();
        let log = folder.events(run.id).expect(place);
        let told: Vec<_> = events(folder, run.id)
            .into_iter()
            .filter_map(|logged| {
                let value = log.value(logged.number).expect(place);
                facts.take(logged.number, &logged.event, value.as_ref())
            })
            .collect();
        let of_run: Vec<_> = known.iter().rev().filter(|fact| fact.run == run.id).collect();
        assert!(told.iter().map(|(fact, _)| fact).eq(of_run), "{place}: other facts than the log tells");
        for (fact, value) in told {
            assert_eq!(folder.asset_value(&fact).expect(place), value, "{place}");
        }
    }
    for asset in folder.assets().expect(place) {
        let of = known.iter().filter(|fact| fact.asset == asset.key);
        assert_eq!(of.clone().count() as u64, asset.materializations, "{place}");
        assert_eq!(of.clone().next(), Some(&asset.latest), "{place}");
        match &asset.latest.value {
            ValueAt::Fact => {
                assert!(folder.asset_value(&asset.latest).expect(place).is_some(), "{place}");
            }
            ValueAt::File(file) => {
                let files = folder.asset_files().expect(place);
                assert_eq!(files.read(file).expect(place), b"many", "{place}");
            }
            other => panic!("{place}: no value lies there: {other:?}"),
        }
    }
}

/// Whether it was killed, and did not end by a panic.
fn is_kill(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal() == Some(9)
    }
    #[cfg(not(unix))]
    {
        !status.success()
    }
}

fn die_at(number: usize, name: &str) {
    let home = Empty::in_memory();
    let log = home.path().join("passed");
    let mut process = program("live", home.path())
        .env("ORCH_CRASH_AT", number.to_string())
        .env("ORCH_CRASH_LOG", &log)
        .spawn()
        .expect("it can be begun");
    let said: Vec<_> = said(&mut process).collect();
    let status = process.wait().expect("it is ours");
    assert!(is_kill(status), "it is killed at {number}, {name}: {status}");
    let passed = fs::read_to_string(&log).expect("boundaries were passed");
    let (many, last) = (passed.lines().count(), passed.lines().last());
    assert_eq!((many, last), (number, Some(name)), "it is killed at once");

    let place = format!("killed at {number}, {name}, after {said:?}");
    let folder = open(&home.path().join(".orch"));
    let runs = folder.runs(&RunQuery::default()).expect(&place);
    let has = |run: u64| runs.iter().any(|listed| listed.id == id(run));
    let acknowledged = |what: &str| said.iter().filter(|said| *said == what).count();
    let cleared = acknowledged("imported") == 1;
    assert!(has(1) || cleared || acknowledged("made") == 0, "{place}");
    assert!(has(2) || cleared || acknowledged("more") == 0 || acknowledged("exported") == 1, "{place}");
    assert!(has(3) || acknowledged("more") == 0, "{place}");
    assert!(has(6) || acknowledged("filled") == 0, "{place}");
    assert!(!has(2) || acknowledged("removed") == 0 || runs.len() > 1, "{place}");
    knows_what_the_logs_tell(&folder, &runs, &place);
    status::is_what_facts_say(&folder, "days");
    let backfills = folder.backfills().expect(&place);
    let canceled = backfills.iter().any(|backfill| backfill.marks.canceled.is_some());
    assert!(canceled || acknowledged("canceled") == 0, "{place}");
    let customers = folder.key_set("customers").expect(&place);
    let keys: Vec<_> = customers.iter().collect();
    assert!(keys == [(1, "beta")] || acknowledged("keys") == 0, "{place}: {keys:?}");
    assert!(keys.len() != 1 || keys == [(1, "beta")], "{place}: {keys:?}");
    for backfill in &backfills {
        assert_eq!(folder.backfill_holder(backfill.id).expect(&place), None, "{place}");
    }
    // What was told stays when the run is removed.
    let told = all_facts(&folder);
    let told = told.iter().filter(|fact| fact.run == id(2)).count();
    assert!(told == 2 || acknowledged("more") == 0, "{place}: {told}");
    for run in &runs {
        assert_eq!(folder.holder(run.id).expect(&place), None, "{place}");
        assert_eq!(folder.pinned(run.id).expect(&place), conformance::pinned(), "{place}");
        let read = events(&folder, run.id);
        if run.id == id(1) {
            let steps = read.len() / 4;
            assert!(steps >= acknowledged("committed"), "{place}");
            assert_eq!(run.status.is_terminal(), read.len() == 9, "{place}");
            assert!(read.len() == 9 || acknowledged("ended") == 0, "{place}");
            let mut value = Vec::new();
            if let Ok(mut file) = folder.artifacts(id(1)).expect(&place).open("load/result") {
                file.read_to_end(&mut value).expect(&place);
                assert!(matches!(&value[..], b"first" | b"other"), "{place}");
            }
            assert!(!value.is_empty() || steps == 0, "{place}");
            assert!(value == b"other" || steps < 2, "{place}");
        }
        let mut writer = folder.reopen(run.id).expect(&place);
        writer.commit(&conformance::asset(run.id, 700, "orders", None)).expect(&place);
        drop(writer);
        assert_eq!(events(&folder, run.id).len(), read.len() + 4, "{place}");
    }
    knows_what_the_logs_tell(&folder, &runs, &place);
    if home.path().join("parcel").exists() && !has(2) {
        folder.import(&home.path().join("parcel")).expect(&place);
    }
    folder.gc(&Retention { runs: None, days: None, bytes: None }, at(10)).expect(&place);
    assert_eq!(folder.check().expect(&place), [], "{place}");
    nothing_is_left_partial(&home.path().join(".orch"), &place);
    nothing_superseded_is_left(&folder, &home.path().join(".orch/assets"), &place);
}

/// What was never complete does not stay, wherever it lies.
fn nothing_is_left_partial(folder: &Path, place: &str) {
    for entry in folder.read_dir().expect(place) {
        let path = entry.expect(place).path();
        let name = path.file_name().expect("it has one").to_string_lossy();
        assert!(!name.contains(".part") || name.starts_with(".gitignore"), "{place}: {}", path.display());
        if path.is_dir() {
            nothing_is_left_partial(&path, place);
        }
    }
}

/// Of materializations whose runs are gone and whose place others have taken there are the facts alone.
fn nothing_superseded_is_left(folder: &Folder, files: &Path, place: &str) {
    let runs = folder.runs(&RunQuery::default()).expect(place);
    let mut later = BTreeSet::new();
    for fact in all_facts(folder) {
        let is_latest = later.insert(fact.asset.clone());
        if is_latest || runs.iter().any(|run| run.id == fact.run) {
            continue;
        }
        match &fact.value {
            ValueAt::File(file) => assert!(!files.join(&file.file).exists(), "{place}: {}", file.file),
            _ => assert_eq!(folder.asset_value(&fact).expect(place), None, "{place}"),
        }
    }
}
