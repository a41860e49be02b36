//! Backfills, in order: they stay as long as their runs do, and these together.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use orch_core::ids::{BackfillId, RunId};
use orch_core::storage::{ReadBackfills, RunRecord, StorageError, StorageErrorKind};

use super::check::Finding;
use super::gc::{Collected, partial, sweep_partial};
use super::info::size;
use crate::lock::Hold;
use crate::{Folder, error, write};

const RESTORE: &str = "restore it from a backup, or remove its folder: its runs stand";
const SWEEP: &str = "`instance gc` sweeps it away";

impl Folder {
    /// Looks for backfills that cannot be read, and for what was to be one.
    pub(super) fn check_backfills(&self, found: &mut Vec<Finding>) -> Result<(), StorageError> {
        for backfill in self.backfills_there()? {
            let file = self.backfill_folder(backfill);
            let mut find = |problem: String, hint: &str| {
                found.push(Finding { run: None, file: file.clone(), problem, hint: hint.to_owned() });
            };
            match self.backfill(backfill) {
                Ok(_) => {}
                Err(error) if *error.kind() == StorageErrorKind::NotFound => {
                    if Hold::of(&file)?.is_none() {
                        find("it was to be a backfill, and was never launched".to_owned(), SWEEP);
                    }
                }
                Err(error) => find(error.to_string(), RESTORE),
            }
        }
        Ok(())
    }

    /// Keeps all runs of a backfill that is not over, and of one that is all if one is kept: what became of it is told by
    /// them.
    pub(super) fn keep_backfills(
        &self,
        runs: &[RunRecord],
        kept: &mut HashSet<RunId>,
    ) -> Result<(), StorageError> {
        let mut of: HashMap<BackfillId, Vec<RunId>> = HashMap::new();
        for run in runs {
            if let Some((backfill, _)) = run.unit() {
                of.entry(backfill).or_default().push(run.id);
            }
        }
        for (backfill, runs) in of {
            let goes_on = match self.backfill(backfill) {
                Ok(record) => !record.is_over(),
                // Of one that cannot be read nobody knows; of one that is gone there are runs that were imported.
                Err(error) => *error.kind() != StorageErrorKind::NotFound,
            };
            if goes_on || runs.iter().any(|run| kept.contains(run)) {
                kept.extend(runs);
            }
        }
        Ok(())
    }

    /// Removes backfills that are over and have no runs any more, and what was to be one. Of which units no run could begin, no run
    /// tells: one that has such units stays until it is old. What someone holds is left alone.
    pub(super) fn collect_backfills(
        &self,
        runs: &[RunRecord],
        is_old: impl Fn(Timestamp) -> bool,
        collected: &mut Collected,
    ) -> Result<(), StorageError> {
        let with_runs: HashSet<_> =
            runs.iter().filter_map(RunRecord::unit).map(|(backfill, _)| backfill).collect();
        for backfill in self.backfills_there()? {
            let folder = self.backfill_folder(backfill);
            let _list = self.list().lock()?;
            if Hold::of(&folder)?.is_some() {
                continue;
            }
            let goes = match self.backfill(backfill) {
                Ok(record) => {
                    let is_told = record.marks.refused.is_empty() || is_old(record.created);
                    record.is_over() && !with_runs.contains(&backfill) && is_told
                }
                Err(error) => *error.kind() == StorageErrorKind::NotFound,
            };
            if goes {
                collected.swept += 1;
                collected.bytes += bytes(&folder)?;
                write::remove_folder(&folder, "backfill.remove")
                    .map_err(|error| error::machine(&folder, "removed", &error))?;
            } else {
                // Whoever was to complete them would have the list.
                sweep_partial(&partial(&folder)?, collected)?;
            }
        }
        Ok(())
    }
}

fn bytes(folder: &Path) -> Result<u64, StorageError> {
    size(folder).map_err(|error| error::machine(folder, "read", &error))
}
