//! Backfills in a folder: what is kept of them and of their runs, what is copied, what is found to be damaged.

use std::fs;

use orch_core::storage::{
    BackfillMark, BackfillRecord, ReadBackfills, ReadRuns, RunQuery, Unit, WriteBackfills, conformance,
};
use orch_sqlite::{Folder, Retention};

use crate::folders::{Empty, at, id, open, record, run_to_its_end, storage, told};

/// Launches a backfill with runs of these numbers, which have ended.
fn launched(folder: &Folder, bits: u128, runs: &[u64]) -> BackfillRecord {
    let backfill = conformance::backfill(bits, 1);
    drop(folder.create_backfill(&backfill).expect("it can be made"));
    for (chunk, number) in (0..).zip(runs) {
        let mut run = record(*number);
        run.tags = Unit { group: 0, chunk }.tags(backfill.id);
        run_to_its_end(folder, &run);
    }
    backfill
}

fn kept(folder: &Folder) -> (Vec<u128>, usize) {
    let runs = folder.runs(&RunQuery::default()).expect("the runs");
    let mut runs: Vec<_> = runs.iter().map(|run| run.id.as_u128()).collect();
    runs.sort_unstable();
    (runs, folder.backfills().expect("the backfills").len())
}

#[test]
fn runs_of_a_backfill_stay_while_it_goes_on_and_go_together() {
    let (_home, folder) = storage();
    let backfill = launched(&folder, 1, &[1, 2, 4]);
    run_to_its_end(&folder, &record(3));
    run_to_its_end(&folder, &record(5));
    let newest = |runs| {
        let keep = Retention { runs: Some(runs), days: None, bytes: None };
        folder.gc(&keep, at(10)).expect("cleared");
        kept(&folder)
    };
    assert_eq!(newest(1), (vec![1, 2, 4, 5], 1), "it goes on");
    folder.mark_backfill(backfill.id, BackfillMark::Ended(at(9))).expect("marked");
    assert_eq!(newest(2), (vec![1, 2, 4, 5], 1), "one of its runs is among the newest");
    let hold = folder.hold_backfill(backfill.id).expect("nobody holds it");
    assert_eq!(newest(1), (vec![5], 1), "it is held");
    drop(hold);
    assert_eq!(newest(1), (vec![5], 0), "nothing of it is left");
    assert_eq!(folder.check().expect("it can be looked at"), []);
}

#[test]
fn one_of_which_no_run_could_begin_is_told_until_it_is_old() {
    let (_home, folder) = storage();
    let backfill = launched(&folder, 1, &[]);
    let refused =
        BackfillMark::Refused(Unit { group: 0, chunk: 0 }, "there is nothing to make it of".to_owned());
    folder.mark_backfill(backfill.id, refused).expect("marked");
    folder.mark_backfill(backfill.id, BackfillMark::Ended(at(9))).expect("marked");
    let clear = |days: Option<u32>, later: i64| {
        let keep = Retention { runs: Some(1), days, bytes: None };
        let now = backfill.created + jiff::SignedDuration::from_hours(later);
        folder.gc(&keep, now).expect("cleared");
        folder.backfills().expect("the backfills").len()
    };
    assert_eq!([clear(Some(2), 47), clear(None, 10_000), clear(Some(2), 49)], [1, 1, 0]);
}

#[test]
fn a_list_that_is_lost_takes_no_backfill_along() {
    let (home, folder) = storage();
    let backfill = launched(&folder, 1, &[1]);
    folder.mark_backfill(backfill.id, BackfillMark::Canceled(at(9))).expect("marked");
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let folder = open(home.path());
    assert_eq!(folder.run(id(1)).expect("it is listed").unit().map(|(of, _)| of), Some(backfill.id));
    assert_eq!(folder.backfill(backfill.id).expect("it is there").marks.canceled, Some(at(9)));
}

#[test]
fn a_backup_has_them_and_a_check_finds_what_is_damaged() {
    let (home, folder) = storage();
    let backfill = launched(&folder, 1, &[1]);
    folder.mark_backfill(backfill.id, BackfillMark::Ended(at(9))).expect("marked");
    let elsewhere = Empty::new();
    let to = elsewhere.path().join("backup");
    folder.backup(&to).expect("copied");
    let copy = open(&to);
    assert_eq!(copy.backfills().expect("a list"), folder.backfills().expect("a list"));
    assert_eq!(copy.info().expect("it can be read").backfills, 1);
    let marks = home.path().join("backfills").join(backfill.id.to_string()).join("marks.json");
    fs::write(&marks, "{\"ended\":").expect("written");
    fs::create_dir(home.path().join("backfills/00000000-0000-0000-0000-000000000009")).expect("a folder");
    let found = folder.check().expect("it can be looked at");
    let mut found: Vec<_> =
        found.iter().map(|one| format!("{}\n  hint: {}", told(home.path(), one), one.hint)).collect();
    found.sort();
    insta::assert_snapshot!(found.join("\n"), @r"
    `HOME/backfills/00000000-0000-0000-0000-000000000001`: `HOME/backfills/00000000-0000-0000-0000-000000000001/marks.json` is damaged: EOF while parsing a value at line 1 column 9
      hint: restore it from a backup, or remove its folder: its runs stand
    `HOME/backfills/00000000-0000-0000-0000-000000000009`: it was to be a backfill, and was never launched
      hint: `instance gc` sweeps it away
    ");
    let refused = folder.backfill(backfill.id).expect_err("it is damaged");
    insta::assert_snapshot!(told(home.path(), &refused), @"`HOME/backfills/00000000-0000-0000-0000-000000000001/marks.json` is damaged: EOF while parsing a value at line 1 column 9");
}
