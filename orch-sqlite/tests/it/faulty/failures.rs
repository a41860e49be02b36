//! Any call may fail, once or from then on.

use super::image::Call;
use super::{Disk, EIO, ENOSPC, Said};
use crate::crash::leave_room;
use crate::folders::{open, record, run_to_its_end, told};

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
