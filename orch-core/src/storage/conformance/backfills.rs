use std::num::NonZero;

use super::samples::{at, pinned, record};
use crate::ids::{BackfillId, RunId};
use crate::partition::{PartitionMapping, TimePartitions};
use crate::storage::{
    BackfillGroup, BackfillMark, BackfillMarks, BackfillRecord, BackfillTakes, Refused, Storage,
    StorageError, StorageErrorKind, Unit,
};

const UNIT: Unit = Unit { group: 1, chunk: 17 };

/// A backfill of days and of what is made of all of them.
#[must_use]
pub fn backfill(bits: u128, created: u64) -> BackfillRecord {
    let key = |key: &str| key.parse().unwrap_or_else(|_| unreachable!("these are keys"));
    let mut days = BackfillGroup::new(vec![key("raw/sales"), key("sales")]);
    days.definition = Some(TimePartitions::daily("2024-01-01").into());
    days.partitions = Some("2024-01-01..2024-01-31".to_owned());
    let mut total = BackfillGroup::new(vec![key("total")]);
    total.takes = vec![BackfillTakes::new(0, Some(PartitionMapping::all().allow_missing()))];
    let id = BackfillId::from_u128(bits);
    let mut backfill = BackfillRecord::new(id, at(created), vec![days, total], pinned());
    backfill.tags.insert("team".to_owned(), "data".to_owned());
    backfill.per = NonZero::new(7).unwrap_or(NonZero::<u64>::MIN);
    backfill
}

fn kind_of<T>(result: Result<T, StorageError>) -> StorageErrorKind {
    result.err().map(|error| error.kind().clone()).expect("it is refused")
}

pub(super) fn made(storage: &dyn Storage) {
    assert_eq!(storage.backfills().expect("an empty list"), []);
    let (first, second) = (backfill(1, 1), backfill(2, 2));
    for backfill in [&first, &second] {
        drop(storage.create_backfill(backfill).expect("it can be made"));
        assert_eq!(storage.backfill(backfill.id).expect("it is there"), *backfill);
    }
    assert_eq!(storage.backfills().expect("a list"), [second, first.clone()], "the newest first");
    assert_eq!(kind_of(storage.create_backfill(&first)), StorageErrorKind::Exists);
    let other = BackfillId::from_u128(3);
    assert_eq!(kind_of(storage.backfill(other)), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.backfill_marks(other)), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.backfill_holder(other)), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.hold_backfill(other)), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.mark_backfill(other, BackfillMark::Ended(at(1)))), StorageErrorKind::NotFound);
}

pub(super) fn held(storage: &dyn Storage) {
    let backfill = backfill(1, 1);
    let hold = storage.create_backfill(&backfill).expect("it can be made");
    let holder = storage.backfill_holder(backfill.id).expect("it is known").expect("it is held");
    assert_eq!(holder.process, std::process::id());
    assert_eq!(kind_of(storage.hold_backfill(backfill.id)), StorageErrorKind::Held(holder));
    drop(hold);
    assert_eq!(storage.backfill_holder(backfill.id).expect("it is known"), None);
    let again = storage.hold_backfill(backfill.id).expect("nobody holds it");
    assert!(storage.backfill_holder(backfill.id).expect("it is known").is_some());
    // Whoever holds it, others mark it.
    storage.mark_backfill(backfill.id, BackfillMark::Canceled(at(2))).expect("it can be marked");
    drop(again);
}

pub(super) fn marked(storage: &dyn Storage) {
    let backfill = backfill(1, 1);
    drop(storage.create_backfill(&backfill).expect("it can be made"));
    let mark = |mark| storage.mark_backfill(backfill.id, mark);
    let marks = |told: &BackfillRecord| {
        assert_eq!(storage.backfill(backfill.id).expect("it is there"), *told);
        told.marks.clone()
    };
    let mut expected = BackfillMarks::default();
    mark(BackfillMark::Refused(UNIT, "first".to_owned())).expect("it can be marked");
    let told = mark(BackfillMark::Refused(UNIT, "\"second\"".to_owned())).expect("it can be marked");
    expected.refused = vec![Refused { unit: UNIT, why: "\"second\"".to_owned() }];
    assert_eq!(marks(&told), expected);
    expected.ended = Some(at(5));
    assert_eq!(marks(&mark(BackfillMark::Ended(at(5))).expect("it can be marked")), expected);
    let runs = [7, 8].map(RunId::from_u128);
    (expected.refused, expected.ended, expected.again) = (Vec::new(), None, runs.into());
    assert_eq!(marks(&mark(BackfillMark::Again(runs.into())).expect("it can be marked")), expected);
    expected.stopped = [runs[1]].into();
    assert_eq!(marks(&mark(BackfillMark::Stopped(runs[1])).expect("it can be marked")), expected);
    assert_eq!(storage.backfill_marks(backfill.id).expect("they are there"), expected);
    expected.canceled = Some(at(6));
    assert_eq!(marks(&mark(BackfillMark::Canceled(at(6))).expect("it can be marked")), expected);
    assert_eq!(marks(&mark(BackfillMark::Canceled(at(7))).expect("it stays so")), expected);
    assert_eq!(kind_of(mark(BackfillMark::Again(Vec::new()))), StorageErrorKind::Over);
    expected.ended = Some(at(8));
    assert_eq!(marks(&mark(BackfillMark::Ended(at(8))).expect("it can be marked")), expected);
}

/// After a cancel no run is made, whoever wants to.
pub(super) fn admitted(storage: &dyn Storage) {
    let backfill = backfill(1, 1);
    let run = |bits: u128| {
        let mut run = record(bits, "materialize", 2);
        run.tags = UNIT.tags(backfill.id);
        assert_eq!(run.unit(), Some((backfill.id, UNIT)));
        run
    };
    assert_eq!(kind_of(storage.create(&run(1), &pinned())), StorageErrorKind::NotFound, "of no backfill");
    drop(storage.create_backfill(&backfill).expect("it can be made"));
    drop(storage.create(&run(1), &pinned()).expect("a run can be made"));
    storage.mark_backfill(backfill.id, BackfillMark::Canceled(at(3))).expect("it can be marked");
    assert_eq!(kind_of(storage.create(&run(2), &pinned())), StorageErrorKind::Over);
    assert_eq!(kind_of(storage.run(RunId::from_u128(2))), StorageErrorKind::NotFound);
    drop(storage.reopen(RunId::from_u128(1)).expect("what is there can be brought to its end"));
    drop(storage.create(&record(3, "materialize", 2), &pinned()).expect("others can be made"));
}
