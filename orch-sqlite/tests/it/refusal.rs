//! What cannot be used, or cannot be written, is told with its file and the way out.

use std::fs;
use std::path::Path;

use orch_core::storage::{ReadRuns, StorageError, StorageErrorKind, WriteKeySets, WriteRuns, conformance};
use orch_sqlite::{Durability, Folder, Retention};
use rusqlite::Connection;

use crate::folders::{Empty, events, id, make, open, record, run_of, run_to_its_end, storage, told};
use crate::programs::{copied, limited, program, said};
use crate::status;

fn error(home: &Path, error: &StorageError) -> String {
    told(home, &format!("{error}\n  hint: {}", error.advice().unwrap_or("none")))
}

fn change(file: &Path, sql: &str) {
    Connection::open(file)
        .and_then(|database| database.execute_batch(sql))
        .expect("the database can be changed");
}

#[test]
fn a_list_of_a_newer_version_is_refused() {
    let (home, folder) = storage();
    drop(folder);
    change(&home.path().join("instance.db"), "PRAGMA user_version = 7");
    let refused = Folder::open(home.path(), Durability::Normal).expect_err("it is newer");
    assert_eq!(*refused.kind(), StorageErrorKind::Newer);
    insta::assert_snapshot!(error(home.path(), &refused), @r"
    `HOME/instance.db` is of version 7, made by a newer orch; this program knows versions up to 1
      hint: build the program with that version of orch, or choose another folder with `--home`
    ");
}

#[test]
fn a_run_of_a_newer_version_is_refused_and_the_others_are_not() {
    let (home, folder) = storage();
    drop(make(&folder, 1));
    drop(make(&folder, 2));
    let file = home.path().join(format!("runs/{}/run.db", id(1)));
    change(&file, "PRAGMA user_version = 2");
    let refused = folder.events(id(1)).err().expect("it is newer");
    assert_eq!(*refused.kind(), StorageErrorKind::Newer);
    assert_eq!(folder.reopen(id(1)).err().expect("it is newer").to_string(), refused.to_string());
    assert_eq!(folder.runs(&Default::default()).expect("a list").len(), 2);
    assert_eq!(events(&folder, id(2)), []);
}

#[test]
fn a_run_of_a_newer_version_is_kept_whatever_is_to_go() {
    let (home, folder) = storage();
    for number in [1, 2] {
        run_to_its_end(&folder, &record(number));
    }
    change(&home.path().join(format!("runs/{}/run.db", id(1))), "PRAGMA user_version = 2");
    let nothing = Retention { runs: Some(0), ..Retention::default() };
    let removed = folder.gc(&nothing, record(2).created).expect("the rest can go").removed;
    assert_eq!(removed, [id(2)]);
    assert_eq!(folder.runs(&Default::default()).expect("a list").len(), 1);
}

#[test]
fn a_program_that_goes_to_another_folder_writes_where_it_began() {
    use std::process::Command;

    // In a process of its own, as all threads of one are in the same folder.
    if std::env::var_os("GOES_AWAY").is_some() {
        let folder = Folder::open(".orch", Durability::Normal).expect("a folder");
        assert_eq!(folder.describe(), "`.orch`, durability normal");
        std::env::set_current_dir(std::env::temp_dir()).expect("it is there");
        return run_to_its_end(&folder, &record(1));
    }
    let home = Empty::new();
    fs::create_dir_all(home.path()).expect("a folder");
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    let test = "refusal::a_program_that_goes_to_another_folder_writes_where_it_began";
    program.args(["--exact", test, "--test-threads=1"]).env("GOES_AWAY", "1").current_dir(home.path());
    let output = program.output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let folder = open(&home.path().join(".orch"));
    assert_eq!(events(&folder, id(1)).len(), 5);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[cfg(unix)]
#[test]
fn a_run_whose_folder_was_removed_meanwhile_does_not_end_well() {
    use orch_core::event::{Event, EventKind};

    use crate::folders::at;

    let (home, folder) = storage();
    let mut writer = make(&folder, 1);
    fs::remove_dir_all(home.path()).expect("it is there");
    writer.commit(&conformance::step(id(1), 1)).expect("the system keeps what is open");
    let end = Event::new(at(1), id(1), None, 0, EventKind::RunSuccess);
    let refused = writer.commit(&[end.into()]).expect_err("nothing is left of it");
    insta::assert_snapshot!(told(home.path(), &refused), @"`HOME/runs/00000000-0000-0000-0000-000000000001/run.db` was removed while the run was under way");
}

#[test]
fn what_is_no_storage_is_refused() {
    let (home, folder) = storage();
    drop(folder);
    let file = home.path().join("instance.db");
    fs::remove_file(&file).expect("it is there");
    change(&file, "CREATE TABLE friends (name TEXT)");
    let refused = Folder::open(home.path(), Durability::Normal).expect_err("it is something else");
    insta::assert_snapshot!(error(home.path(), &refused), @r"
    `HOME/instance.db` is a database of something else, and no list of runs of orch
      hint: choose another folder with `--home` or `ORCH_HOME`, or move the file away
    ");
    fs::write(&file, "no database at all, and long enough to be seen as none".repeat(100)).expect("written");
    let refused = Folder::open(home.path(), Durability::Normal).expect_err("it is something else");
    insta::assert_snapshot!(error(home.path(), &refused), @r"
    `HOME/instance.db` cannot be opened: it is damaged (file is not a database)
      hint: end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup
    ");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let (home, folder) = storage();
    drop(make(&folder, 1));
    drop(folder);
    let blocked = home.path().join("instance.db/.orch");
    let refused = Folder::open(&blocked, Durability::Normal).expect_err("a file is no folder");
    insta::assert_snapshot!(error(home.path(), &refused), @r"
    `HOME/instance.db/.orch` cannot be made: a file is where a folder should be
      hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    ");
}

/// Root writes wherever it likes, so another one has to look.
#[cfg(unix)]
fn looked_at_by_another(home: &Path) -> Vec<String> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let place = Empty::of_all();
    let mut program = if fs::metadata(home).expect("it is there").uid() == 0 {
        let copy = place.path().join("program");
        let mut program = copied("look", home, &copy);
        [place.path(), &copy].iter().for_each(|path| allow(path, 0o755));
        program.uid(65_534);
        program
    } else {
        program("look", home)
    };
    let may = |mode| allow(home, mode);
    may(0o555);
    let mut looking = program.spawn().expect("it can be begun");
    let lines = said(&mut looking).map(|line| told(home, &line)).collect();
    may(0o755);
    assert!(looking.wait().expect("it is ours").success());
    lines
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_can_be_looked_at() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Empty::of_all();
    let folder = open(home.path());
    run_of(&folder, &record(1), &status::many(id(1), 1));
    folder.add_keys("customers", &["acme"]).expect("added");
    drop(folder);
    let files = |home: &Path| -> Vec<_> {
        let folders = [home.to_owned(), home.join(format!("runs/{}", id(1)))];
        let files = folders.iter().flat_map(|folder| folder.read_dir().expect("it is there"));
        files.map(|file| file.expect("it is there").path()).collect()
    };
    // Whatever this user lets others see of what it makes.
    let inner = home.path().join("runs");
    for path in files(home.path()).into_iter().chain([inner.join(id(1).to_string()), inner]) {
        let mode = if path.is_dir() { 0o755 } else { 0o444 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    // With what SQLite keeps beside its files, and without: that is there as long as somebody has them.
    let beside = looked_at_by_another(home.path());
    for file in files(home.path()) {
        if file.extension().is_some_and(|extension| extension == "db-wal" || extension == "db-shm") {
            fs::remove_file(file).expect("it is ours");
        }
    }
    let alone = looked_at_by_another(home.path());
    assert_eq!(alone, beside);
    insta::assert_snapshot!(alone.join("\n"), @r"
    00000000-0000-0000-0000-000000000001 success
    331 events, held by Ok(None)
    1 assets
    1 sets of keys
    []
    0 files exported
    `HOME/instance.lock` cannot be locked: permission denied |hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    `HOME/instance.lock` cannot be locked: permission denied
    ");
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let (home, folder) = storage();
    drop(folder);
    let mut program = limited("fill", home.path(), 1024).spawn().expect("it can be begun");
    let lines: Vec<_> = said(&mut program).map(|line| told(home.path(), &line)).collect();
    assert!(program.wait().expect("it is ours").success());
    let [large, steps, refused] = &lines[..] else { panic!("three lines: {lines:?}") };
    insta::assert_snapshot!(large, @"`HOME/runs/00000000-0000-0000-0000-000000000001/artifacts/large` cannot be written: it would be larger than files may be |  hint: free some space, with `instance gc` or elsewhere on the disk, or choose another folder with `--home` or `ORCH_HOME`; what was committed before is kept");
    insta::assert_snapshot!(refused, @"`HOME/runs/00000000-0000-0000-0000-000000000001/run.db` cannot be written: the disk refuses it (disk I/O error) |  hint: look at the free space and the state of the disk; what was committed before is kept");

    let folder = open(home.path());
    let steps: usize = steps.parse().expect("how many were acknowledged");
    assert!(steps > 10);
    assert_eq!(events(&folder, id(1)).len(), steps * 4);
    assert!(folder.artifacts(id(1)).expect("the files of the run").open("large").is_err());
    let mut writer = folder.reopen(id(1)).expect("nobody holds it");
    writer.commit(&conformance::step(id(1), 0)).expect("now there is room");
    drop(writer);
    assert_eq!(events(&folder, id(1)).len(), steps * 4 + 4);
    assert_eq!(folder.check().expect("it can be checked"), []);
}
