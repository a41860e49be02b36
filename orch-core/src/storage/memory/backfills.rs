use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::{Memory, locked, this_process};
use crate::ids::BackfillId;
use crate::storage::{
    BackfillMark, BackfillRecord, HoldBackfill, Holder, ReadBackfills, RunRecord, StorageError,
    WriteBackfills,
};

/// The backfills, each with whether it is held.
#[derive(Clone, Debug, Default)]
pub(super) struct Backfills(Arc<Mutex<BTreeMap<BackfillId, Kept>>>);

#[derive(Debug)]
struct Kept {
    record: BackfillRecord,
    held: bool,
}

impl Backfills {
    /// Whether the run may be made, if it is of a backfill.
    pub(super) fn admit(&self, run: &RunRecord) -> Result<(), StorageError> {
        let Some((backfill, _)) = run.unit() else { return Ok(()) };
        self.with(backfill, |kept| kept.record.marks.admits(backfill))
    }

    fn with<T>(
        &self,
        backfill: BackfillId,
        with: impl FnOnce(&mut Kept) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        with(locked(&self.0).get_mut(&backfill).ok_or_else(|| StorageError::no_backfill(backfill))?)
    }
}

impl ReadBackfills for Memory {
    fn backfills(&self) -> Result<Vec<BackfillRecord>, StorageError> {
        let backfills = locked(&self.backfills.0);
        let mut backfills: Vec<_> = backfills.values().map(|kept| kept.record.clone()).collect();
        backfills.sort_by_key(|backfill| std::cmp::Reverse((backfill.created, backfill.id)));
        Ok(backfills)
    }

    fn backfill(&self, backfill: BackfillId) -> Result<BackfillRecord, StorageError> {
        self.backfills.with(backfill, |kept| Ok(kept.record.clone()))
    }

    fn backfill_holder(&self, backfill: BackfillId) -> Result<Option<Holder>, StorageError> {
        self.backfills.with(backfill, |kept| Ok(kept.held.then(this_process)))
    }
}

impl WriteBackfills for Memory {
    fn create_backfill(&self, backfill: &BackfillRecord) -> Result<Box<dyn HoldBackfill>, StorageError> {
        let mut backfills = locked(&self.backfills.0);
        if backfills.contains_key(&backfill.id) {
            return Err(StorageError::backfill_exists(backfill.id));
        }
        backfills.insert(backfill.id, Kept { record: backfill.clone(), held: true });
        Ok(Box::new(Hold { backfills: self.backfills.clone(), id: backfill.id }))
    }

    fn hold_backfill(&self, backfill: BackfillId) -> Result<Box<dyn HoldBackfill>, StorageError> {
        self.backfills.with(backfill, |kept| match std::mem::replace(&mut kept.held, true) {
            true => Err(StorageError::backfill_held(backfill, this_process())),
            false => Ok(()),
        })?;
        Ok(Box::new(Hold { backfills: self.backfills.clone(), id: backfill }))
    }

    fn mark_backfill(
        &self,
        backfill: BackfillId,
        mark: BackfillMark,
    ) -> Result<BackfillRecord, StorageError> {
        // Runs are made under the same lock, so that none is after it was canceled.
        let _runs = locked(&self.runs);
        self.backfills.with(backfill, |kept| {
            kept.record.marks.mark(backfill, mark)?;
            Ok(kept.record.clone())
        })
    }
}

#[derive(Debug)]
struct Hold {
    backfills: Backfills,
    id: BackfillId,
}

impl HoldBackfill for Hold {}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(kept) = locked(&self.backfills.0).get_mut(&self.id) {
            kept.held = false;
        }
    }
}
