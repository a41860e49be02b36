//! Where there is no room left, whatever it is that does not fit, nothing that was acknowledged is lost, nothing is there
//! by half, and the program that found no room goes on as well as the next one. (`docs/guarantees.md`, 10)
//!
//! Each program here may have no file beyond some size. What it would write beyond that is refused, as on a full disk:
//! the beginning of a write that fits in part is written.

use std::fs;
use std::path::Path;

use orch_core::event::Event;
use orch_core::storage::{ReadRuns, RunQuery, StorageErrorKind, WriteRuns, conformance};
use orch_sqlite::{Durability, Folder};

use crate::folders::{Empty, events, id, make, open, record, told};
use crate::programs::{limited, said, say};

/// Commits steps with an output of so many bytes until there is no room, and then goes on to try with smaller ones. Says
/// what is acknowledged as soon as it is, and each failure.
pub(crate) fn use_up(home: &Path, bytes: usize) {
    let folder = match Folder::open(home, Durability::Normal) {
        Ok(folder) => folder,
        Err(failure) => return say(&format!("no folder: {}", failure.into_failure().info())),
    };
    say(&"folder");
    let mut writer = match folder.create(&record(1), &conformance::pinned()) {
        Ok(writer) => writer,
        Err(failure) => return say(&format!("no run: {}", failure.into_failure().info())),
    };
    say(&"run");
    let mut refused = 0;
    for step in 0.. {
        let mut entries = conformance::step(id(1), step);
        // After a failure there may still be room for a small one.
        if refused % 2 == 0 {
            entries[2].value = Some(vec![7; bytes].into());
        }
        match writer.commit(&entries) {
            Ok(()) => say(&format!("committed {step}")),
            Err(failure) => {
                say(&format!("no step: {}", failure.info()));
                refused += 1;
            }
        }
        if refused == 6 {
            break;
        }
    }
    if let Err(failure) = writer.update(&record(1)) {
        say(&format!("no line: {}", failure.info()));
    }
}

/// What a program said that had so many blocks and values of so many bytes.
fn lines(home: &Path, blocks: u32, bytes: usize) -> Vec<String> {
    let mut program = limited(&format!("room {bytes}"), home, blocks).spawn().expect("it can be begun");
    let lines = said(&mut program).map(|line| told(home, &line)).collect();
    assert!(
        program.wait().expect("it is ours").success(),
        "{blocks} blocks, {bytes} bytes: it ends by itself"
    );
    lines
}

/// The events of the steps that were acknowledged.
fn acknowledged(lines: &[String]) -> Vec<Event> {
    let steps = lines.iter().filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
    steps.flat_map(|step| conformance::step(id(1), step)).map(|entry| entry.event).collect()
}

/// Whoever has room finds what was acknowledged, and goes on.
fn goes_on(home: &Path, lines: &[String], place: &str) {
    let folder = open(home);
    let has = |line: &str| lines.iter().any(|said| said == line);
    let read = |folder: &Folder| -> Vec<Event> {
        events(folder, id(1)).into_iter().map(|logged| logged.event).collect()
    };
    if has("run") {
        let mut expected = acknowledged(lines);
        assert!(read(&folder) == expected, "{place}: {} events, said was {lines:?}", read(&folder).len());
        let mut writer = folder.reopen(id(1)).expect(place);
        let another = conformance::step(id(1), 1_000_000);
        writer.commit(&another).expect(place);
        drop(writer);
        expected.extend(another.map(|entry| entry.event));
        assert!(read(&folder) == expected, "{place}");
    } else {
        assert_eq!(folder.runs(&RunQuery::default()).expect(place), [], "{place}");
        drop(make(&folder, 1));
    }
    assert_eq!(folder.check().expect(place), [], "{place}");
}

/// Each failure names a file and the way out.
fn are_told(lines: &[String], place: &str) {
    let failures: Vec<_> = lines.iter().filter(|line| line.starts_with("no ")).collect();
    assert!(!failures.is_empty(), "{place}: it never ended");
    for failure in failures {
        let (what, advice) = failure.split_once(" |  hint: ").unwrap_or_else(|| panic!("{place}: {failure}"));
        assert!(what.contains(": `HOME") && what.contains("` cannot be "), "{place}: {failure}");
        assert!(advice.contains("space"), "{place}: {failure}");
    }
}

#[test]
fn wherever_the_room_ends_all_that_was_acknowledged_is_there() {
    // Blocks of 512 bytes or of 1024; the first of these have no room for a list of runs.
    let mut made = 0;
    let numbers: Vec<u32> = (0..300).step_by(3).chain([330, 363, 530]).collect();
    for blocks in &numbers {
        let home = Empty::in_memory();
        let lines = lines(home.path(), *blocks, 3_000);
        let place = format!("{blocks} blocks");
        are_told(&lines, &place);
        goes_on(home.path(), &lines, &place);
        made += usize::from(lines.iter().any(|line| line == "run"));
    }
    assert!((10..numbers.len() - 10).contains(&made), "{made} of {} had room for a run", numbers.len());
}

/// Here the log has been brought into the database several times, until that has no room; then the log grows until it
/// has none.
#[test]
fn a_database_without_room_for_its_log_loses_nothing() {
    let home = Empty::in_memory();
    let lines = lines(home.path(), 6 << 11, 200_000);
    are_told(&lines, "a large run");
    let database = home.path().join(format!("runs/{}/run.db", id(1)));
    let large = fs::metadata(database).expect("it is there").len();
    assert!(large > 4 << 20, "it was brought into the database: {large}");
    goes_on(home.path(), &lines, "a large run");
}

/// A folder cannot be written as a file, not even by root, whom permissions do not bind.
#[test]
fn what_stands_in_the_way_of_a_log_is_told() {
    let home = Empty::in_memory();
    let folder = open(home.path());
    drop(make(&folder, 1));
    let run = home.path().join(format!("runs/{}", id(1)));
    let mut refusals = Vec::new();
    for name in ["run.db", "run.db-wal", "holder"] {
        let (file, aside) = (run.join(name), run.join("aside"));
        let was_there = fs::rename(&file, &aside).is_ok();
        fs::create_dir(&file).expect("it is not there");
        let refused = folder.reopen(id(1)).err().expect("a folder is in the way");
        assert_eq!(*refused.kind(), StorageErrorKind::Machine, "{name}");
        refusals.push(format!("{refused}\n  hint: {}", refused.advice().unwrap_or("none")));
        fs::remove_dir(&file).expect("it is empty");
        if was_there {
            fs::rename(&aside, &file).expect("it is there");
        }
    }
    insta::assert_snapshot!(told(home.path(), &refusals.join("\n")), @r"
    `HOME/runs/00000000-0000-0000-0000-000000000001/run.db` cannot be opened: it is not there, or it and its folder cannot be written
      hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    `HOME/runs/00000000-0000-0000-0000-000000000001/run.db` cannot be opened: it is not there, or it and its folder cannot be written
      hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    `HOME/runs/00000000-0000-0000-0000-000000000001/holder` cannot be written: Is a directory (os error 21)
      hint: none
    ");
    drop(folder.reopen(id(1)).expect("nothing is in the way"));
}
