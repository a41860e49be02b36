//! Keeping a folder in order.

use std::fs;

use orch_core::event::RunStatus;
use orch_core::storage::{ReadRuns, RunQuery, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::{Folder, Retention};

use crate::folders::{Empty, at, events, id, make, open, record, run_to_its_end, storage, told};

const DAY: u64 = 24 * 60 * 60;

fn listed(folder: &Folder) -> Vec<u128> {
    folder.runs(&RunQuery::default()).expect("a list").iter().map(|run| run.id.as_u128()).collect()
}

#[test]
fn a_folder_says_what_it_is() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    let info = folder.info().expect("it can be read");
    assert_eq!((info.runs, info.list_version, info.run_version), (1, 1, 1));
    assert!(info.bytes > 10_000);
    assert_eq!(told(home.path(), &folder.describe()), "`HOME`, durability normal");
}

#[test]
fn only_a_folder_that_was_made_is_hidden_from_git() {
    let project = Empty::new();
    let home = project.path().join(".orch");
    assert!(!Folder::lies_in(&home));
    drop(open(&home));
    assert!(Folder::lies_in(&home));
    assert_eq!(fs::read_to_string(home.join(".gitignore")).expect("it is there"), "*\n");
    fs::create_dir_all(project.path().join("runs/today")).expect("made");
    assert!(!Folder::lies_in(project.path()), "the runs of something else");
    let folder = open(project.path());
    assert!(!project.path().join(".gitignore").exists(), "the project would be hidden");
    run_to_its_end(&folder, &record(1));
    drop(folder);
    fs::remove_file(project.path().join("instance.db")).expect("it is there");
    assert!(Folder::lies_in(project.path()), "its list can be made anew");
}

#[test]
fn a_list_that_is_lost_is_made_anew() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    drop(make(&folder, 2));
    let before = folder.runs(&RunQuery::default()).expect("a list");
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let after = open(home.path()).runs(&RunQuery::default()).expect("a list");
    assert_eq!(
        after.iter().map(|run| (run.id, run.status)).collect::<Vec<_>>(),
        before.iter().map(|run| (run.id, run.status)).collect::<Vec<_>>()
    );
}

#[test]
fn what_is_old_is_removed_and_what_is_needed_stays() {
    let (_home, folder) = storage();
    for number in 1..=4 {
        run_to_its_end(&folder, &record(number * DAY));
    }
    let child = record(5 * DAY).made_from(&record(DAY));
    run_to_its_end(&folder, &child);
    drop(make(&folder, 1));
    let held = make(&folder, 2);
    let runs = |runs| Retention { runs: Some(runs), days: None, bytes: None };
    let removed = |keep: &Retention, now| -> Vec<u128> {
        folder
            .gc(keep, now)
            .expect("it can be cleared")
            .removed
            .iter()
            .map(|run| run.as_u128() / u128::from(DAY))
            .collect()
    };
    assert_eq!(removed(&Retention::default(), at(6 * DAY)), [0; 0]);
    assert_eq!(removed(&runs(3), at(6 * DAY)), [2], "the parent of one that is kept stays");
    let days = Retention { runs: None, days: Some(2), bytes: None };
    assert_eq!(removed(&days, at(6 * DAY - 1)), [3]);
    let bytes = Retention { runs: None, days: None, bytes: Some(1) };
    let beyond = folder.beyond(&bytes, at(6 * DAY)).expect("it can be read");
    let beyond: Vec<_> = beyond.iter().map(|(run, bytes)| (run.id, *bytes > 1)).collect();
    assert_eq!(beyond, [5, 4, 1].map(|day| (id(day * DAY), true)));
    let after = folder.gc_after(child.id, &bytes, at(6 * DAY)).expect("it can be cleared");
    assert_eq!(after.removed, [id(4 * DAY)], "the one that has just ended stays, and so does its parent");
    assert_eq!(removed(&bytes, at(6 * DAY)), [5, 1], "the one that was made from another goes before it");
    assert_eq!(listed(&folder), [2, 1], "who is held, and who can be resumed, stays");
    drop(held);
}

#[test]
fn what_was_never_complete_is_swept_away() {
    let (home, folder) = storage();
    drop(make(&folder, 1));
    let runs = home.path().join("runs");
    let half_made = runs.join(id(2).to_string());
    fs::create_dir_all(&half_made).expect("made");
    fs::write(half_made.join("run.db"), "").expect("written");
    fs::create_dir_all(runs.join(id(3).to_string()).join("artifacts")).expect("made");
    let files = runs.join(id(1).to_string()).join("artifacts/load");
    fs::create_dir_all(&files).expect("made");
    fs::write(files.join("result.7-0.part"), "half").expect("written");
    let findings = folder.check().expect("it can be checked");
    let findings: Vec<_> = findings.iter().map(|finding| told(home.path(), finding)).collect();
    insta::assert_snapshot!(findings.join("\n"), @r"
    `HOME/runs/00000000-0000-0000-0000-000000000002`: it was to be a run, and was never begun
    `HOME/runs/00000000-0000-0000-0000-000000000003`: it was to be a run, and was never begun
    ");
    let collected = folder.gc(&Retention::default(), at(1)).expect("it can be cleared");
    assert_eq!((collected.removed.len(), collected.swept), (0, 3));
    assert_eq!(folder.check().expect("it can be checked"), []);
    assert!(!half_made.exists() && files.read_dir().expect("it is there").next().is_none());
    assert_eq!(listed(&folder), [1]);
}

#[test]
fn a_backup_is_a_folder_as_any_other() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    let mut writer = make(&folder, 2);
    writer.commit(&conformance::step(id(2), 1)).expect("committed");
    let files = folder.artifacts(id(2)).expect("the files of the run");
    let artifact = files.write("a/b/c", &mut |out| Ok(out.write_all(b"value")?)).expect("written");
    drop(make(&folder, 3));
    fs::write(home.path().join(format!("runs/{}/run.db", id(3))), "damaged").expect("written");

    let elsewhere = Empty::new();
    let to = elsewhere.path().join("copy");
    let copied = folder.backup(&to).expect("it can be copied");
    assert_eq!(copied.runs, 2);
    assert_eq!(copied.left_out.iter().map(|(run, _)| *run).collect::<Vec<_>>(), [id(3)]);
    let again = folder.backup(&to).expect_err("there is something there");
    assert_eq!(*again.kind(), StorageErrorKind::Exists);
    let copy = open(&to);
    assert_eq!(copy.check().expect("it can be checked"), []);
    assert_eq!(listed(&copy), [2, 1]);
    for run in [id(1), id(2)] {
        assert_eq!(events(&copy, run), events(&folder, run));
    }
    assert_eq!(copy.artifacts(id(2)).expect("the files").read(&artifact).expect("it is there"), b"value");
    writer.commit(&conformance::step(id(2), 2)).expect("the run goes on");
    assert_eq!(events(&copy, id(2)).len(), 4);
    drop(copy.reopen(id(2)).expect("nobody holds the copy"));
}

#[test]
fn a_run_travels_in_one_file() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    writer.commit(&conformance::events_of_each_kind(id(1))).expect("committed");
    let files = folder.artifacts(id(1)).expect("the files of the run");
    let large = vec![7; (5 << 20) / 2];
    let artifacts = [("load/a%20b/result", &large[..]), ("small", b"value"), ("empty", b"")]
        .map(|(name, value)| files.write(name, &mut |out| Ok(out.write_all(value)?)).expect("written"));
    drop(writer);
    let file = home.path().join("run.orch");
    let exported = folder.export(id(1), &file).expect("exported");
    assert_eq!(exported.files, 3);
    assert_eq!(*folder.export(id(1), &file).expect_err("it is there").kind(), StorageErrorKind::Exists);
    assert_eq!(*folder.import(&file).expect_err("it is there").kind(), StorageErrorKind::Exists);

    let (_elsewhere, other) = storage();
    let imported = other.import(&file).expect("imported");
    assert_eq!(imported, exported);
    assert_eq!(other.run(id(1)).expect("listed"), folder.run(id(1)).expect("listed"));
    assert_eq!(other.pinned(id(1)).expect("pinned"), folder.pinned(id(1)).expect("pinned"));
    assert_eq!(events(&other, id(1)), events(&folder, id(1)));
    let files = other.artifacts(id(1)).expect("the files of the run");
    for artifact in &artifacts {
        assert!(files.read(artifact).is_ok(), "{}", artifact.file);
    }
    assert_eq!(other.check().expect("it can be checked"), []);
    other.remove(id(1)).expect("removed");

    let change = |sql: &str| {
        let database = rusqlite::Connection::open(&file).expect("a database");
        database.execute_batch(sql).expect("it can be changed");
    };
    change("UPDATE piece SET content = x'00' WHERE artifact = 'small'");
    let refused = other.import(&file).expect_err("it is not what was put into it");
    assert_eq!(*refused.kind(), StorageErrorKind::Corrupt);
    assert_eq!(listed(&other), [0; 0]);
    change("UPDATE artifact SET name = '../../escaped' WHERE name = 'small'");
    let refused = other.import(&file).expect_err("it leads out of the folder");
    assert_eq!(*refused.kind(), StorageErrorKind::Corrupt);
    assert_eq!(other.check().expect("it can be checked"), [], "nothing of it is left");
    let list = home.path().join("instance.db");
    assert_eq!(*other.import(&list).expect_err("no run").kind(), StorageErrorKind::Corrupt);
}

#[test]
fn a_backup_has_a_run_that_is_under_way_as_it_is_at_that_moment() {
    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    let files = folder.artifacts(id(1)).expect("the files of the run");
    files.write("load/result", &mut |out| Ok(out.write_all(b"large")?)).expect("written");
    writer.commit(&conformance::step(id(1), 1)).expect("committed");
    // A file of a step that has not come to its end.
    fs::write(home.path().join(format!("runs/{}/artifacts/load/other.7-0.part", id(1))), "half")
        .expect("written");
    let elsewhere = Empty::new();
    let copied = folder.backup(&elsewhere.path().join("copy")).expect("it can be copied");
    assert_eq!((copied.runs, copied.left_out.len()), (1, 0));
    // It goes on, and the copy does not.
    writer.commit(&conformance::step(id(1), 2)).expect("nothing is in the way");

    let copy = open(&elsewhere.path().join("copy"));
    assert_eq!(copy.check().expect("it can be checked"), []);
    assert_eq!(copy.run(id(1)).expect("it is listed").status, RunStatus::Running);
    assert_eq!(copy.holder(id(1)).expect("it is known"), None, "it was interrupted there");
    assert!(folder.holder(id(1)).expect("it is known").is_some(), "and is under way here");
    assert_eq!((events(&copy, id(1)).len(), events(&folder, id(1)).len()), (4, 8));
    let mut value = Vec::new();
    let files = copy.artifacts(id(1)).expect("the files of the run");
    files.open("load/result").expect("it is there").read_to_end(&mut value).expect("it can be read");
    assert_eq!(value, b"large");
    assert!(files.open("load/other.7-0.part").is_err());
    let mut resumed = copy.reopen(id(1)).expect("nobody holds it");
    resumed.commit(&conformance::step(id(1), 3)).expect("it goes on there");
    assert_eq!((events(&copy, id(1)).len(), events(&folder, id(1)).len()), (8, 8));
}

#[test]
fn room_that_nothing_uses_is_given_back_once_it_is_most_of_the_list() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    let whole = folder.info().expect("it can be read");
    assert_eq!(folder.compact().expect("it can be written"), 0, "there is nothing to give back");
    crate::crash::leave_room(home.path());
    let before = folder.info().expect("it can be read");
    assert!(before.unused_bytes > 3_000_000 && before.list_bytes > before.unused_bytes, "{before:?}");
    // Somebody else has it open, and reads on.
    let other = open(home.path());
    let freed = folder.compact().expect("it can be written");
    let after = folder.info().expect("it can be read");
    assert_eq!((after.list_bytes, after.unused_bytes), (before.list_bytes - freed, 0));
    assert!(after.list_bytes <= whole.list_bytes, "{after:?}");
    let file = fs::metadata(home.path().join("instance.db")).expect("it is there").len();
    assert_eq!(file, after.list_bytes, "the file is as small");
    assert_eq!(other.runs(&RunQuery::default()).expect("a list").len(), 1);
    assert_eq!(other.check().expect("it can be checked"), []);
}
