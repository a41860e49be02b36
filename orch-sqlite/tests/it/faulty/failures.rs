//! Any call may fail, once or from then on.

use std::fs;

use orch_core::storage::{ReadRuns as _, RunQuery};

use super::image::Call;
use super::{Disk, EIO, ENOSPC, Said};
use crate::crash::leave_room;
use crate::folders::{open, record, run_to_its_end, told};
use crate::programs::program;

/// Lets one call of these kinds after the other fail, or one in so many, and looks what the program has said of it and what whoever comes next finds.
fn each_fails(kinds: &str, error: u32, for_ever: bool, step: usize) {
    for number in (1..).step_by(step) {
        let mut disk =
            Disk::new().with("DISK_KINDS", &kinds).with("DISK_AT", &number).with("DISK_ERROR", &error);
        if for_ever {
            disk = disk.with("DISK_EVER", &1);
        }
        let place = format!("call {number} of {kinds}, error {error}, for ever: {for_ever}");
        let lines = disk.said("act full", &place);
        let has_failed = lines.iter().any(|line| line.starts_with("no "));
        are_told(&disk, &lines, error, &place);
        Said(&lines).is_kept(&disk.home(), false, &place);
        // With fewer calls than that nothing fails.
        if !has_failed && number > disk.told().len() {
            return assert!(number > 100, "{number} calls of {kinds}");
        }
    }
}

/// Each failure names a file and the way out.
fn are_told(disk: &Disk, lines: &[String], error: u32, place: &str) {
    for line in lines.iter().filter(|line| line.starts_with("no ")) {
        let line = told(&disk.home(), line);
        let (what, advice) = line.split_once(" |  hint: ").unwrap_or_else(|| panic!("{place}: {line}"));
        assert!(what.contains("`HOME"), "{place}: {line}");
        assert!(error != ENOSPC || advice.contains("space"), "{place}: {line}");
    }
}

#[test]
fn any_call_may_fail_once() {
    each_fails("cwsntmu", EIO, false, 1);
}

#[test]
fn any_call_may_fail_from_then_on() {
    each_fails("cwsntm", EIO, true, 3);
}

#[test]
fn the_disk_may_be_full_from_any_call_on() {
    each_fails("cgm", ENOSPC, true, 2);
}

/// What SQLite has written to its log to write the list anew, and could not bring to the disk, is taken for written by
/// whoever asks the system again.
#[test]
fn a_list_that_could_not_be_written_anew_is_in_doubt() {
    let mut in_doubt = 0;
    for number in 1.. {
        let disk = Disk::new().with("DISK_KINDS", &"s").with("DISK_AT", &number).with("DISK_ERROR", &EIO);
        disk.root();
        drop(open(&disk.home()));
        leave_room(&disk.home());
        let lines = disk.said("compact", &format!("sync {number} fails"));
        // SQLite was refused, and no file of ours.
        let is_refused = lines.iter().any(|line| line.contains("the disk refuses it"));
        assert_eq!(disk.home().join("instance.db-doubt").exists(), is_refused, "{number}: {lines:?}");
        in_doubt += u32::from(is_refused);
        let folder = open(&disk.home());
        run_to_its_end(&folder, &record(1));
        assert!(!disk.home().join("instance.db-doubt").exists(), "{number}: it was written anew");
        assert_eq!(folder.check().expect("it can be checked"), [], "{number}");
        if !disk.told().iter().any(|call| matches!(call, Call::NotSynced(_))) {
            return assert!(in_doubt > 1, "{number}: {in_doubt}");
        }
    }
}

/// The note goes last: until then whoever comes next writes the log anew.
#[test]
fn who_dies_while_it_clears_a_doubt_leaves_it_to_whoever_comes_next() {
    let in_doubt = || {
        let disk = Disk::new();
        disk.root();
        let folder = open(&disk.home());
        run_to_its_end(&folder, &record(1));
        leave_room(&disk.home());
        drop(folder);
        fs::write(disk.home().join("instance.db-doubt"), "").expect("it can be written");
        disk
    };
    let disk = in_doubt();
    let log = disk.home().join("passed");
    let whole = program("compact", &disk.home()).env("ORCH_CRASH_LOG", &log).status();
    assert!(whole.expect("it can be begun").success());
    let passed = fs::read_to_string(&log).expect("boundaries were passed");
    let clears = |name: &str| name.ends_with(" doubt.clear");
    let clears: Vec<_> = passed.lines().enumerate().filter(|(_, name)| clears(name)).collect();
    for (number, name) in &clears {
        let disk = in_doubt();
        let at = (number + 1).to_string();
        let died = program("compact", &disk.home()).env("ORCH_CRASH_AT", at).status();
        assert!(!died.expect("it can be begun").success(), "it is killed at {number}, {name}");
        let is_left = Some(number) != clears.last().map(|(last, _)| last);
        assert_eq!(disk.home().join("instance.db-doubt").exists(), is_left, "{number}, {name}");
        let folder = open(&disk.home());
        run_to_its_end(&folder, &record(2));
        assert!(!disk.home().join("instance.db-doubt").exists(), "{number}, {name}");
        assert_eq!(folder.runs(&RunQuery::default()).expect("a list").len(), 2, "{number}, {name}");
        assert_eq!(folder.check().expect("it can be checked"), [], "{number}, {name}");
    }
    assert_eq!(clears.len(), 6, "{passed}");
}
