use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orch_core::ids::RunId;
use orch_core::storage::{ReadRuns as _, RunQuery, RunRecord, StorageError, StorageErrorKind};

use super::info::{each_file, size};
use crate::folder::runs_in;
use crate::lock::Hold;
use crate::write::PARTIAL;
use crate::{Folder, error, keys, log, write};

/// What is kept of runs that are over; of none of the three more than it says, and without a number all.
///
/// A run that is not over is kept, and so is each from which one that is kept was made: it takes values of it. Runs of a
/// backfill that is not over are kept, and of one that is all as long as one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So many of the newest runs.
    pub runs: Option<usize>,
    /// Those that have ended within so many days.
    pub days: Option<u32>,
    /// Of the newest runs as many as have so many bytes together.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    /// 1,000 runs, 30 days, 10 GB.
    fn default() -> Self {
        Self { runs: Some(1_000), days: Some(30), bytes: Some(10_000_000_000) }
    }
}

/// What was cleared away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// The runs that were removed, the newest first.
    pub removed: Vec<RunId>,
    /// How many files and folders were swept away that belonged to no run, or were never complete.
    pub swept: u64,
    /// How many earlier materializations of assets lost their values, since their runs are gone.
    pub superseded: u64,
    /// How many bytes all of this had.
    pub bytes: u64,
}

impl Folder {
    /// Removes runs that are over and beyond what is to be kept, and sweeps away what was left half made. What someone
    /// holds is left alone. What is known of assets stays; of their values those of the latest materializations, and of
    /// others as long as their runs.
    ///
    /// # Errors
    /// If something cannot be removed. What was removed before stays so.
    pub fn gc(&self, keep: &Retention, now: Timestamp) -> Result<Collected, StorageError> {
        self.collect(keep, now, None)
    }

    /// Gives back the room in the list of runs that what was removed has left, if that is most of it: how many bytes. Others who
    /// write the list wait until it is written anew.
    ///
    /// # Errors
    /// If it cannot be written, as on a full disk: it takes room for what is left of it, for as long as it takes.
    pub fn compact(&self) -> Result<u64, StorageError> {
        self.list().lock()?.compact()
    }

    /// As [`gc`](Self::gc), when this run has just ended: it stays, however old or large it is. Whoever has waited for it
    /// wants to look at it.
    ///
    /// # Errors
    /// As of `gc`.
    pub fn gc_after(&self, run: RunId, keep: &Retention, now: Timestamp) -> Result<Collected, StorageError> {
        self.collect(keep, now, Some(run))
    }

    /// The runs that [`gc`](Self::gc) would remove, the newest first, each with its bytes. Nothing is removed.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn beyond(&self, keep: &Retention, now: Timestamp) -> Result<Vec<(RunRecord, u64)>, StorageError> {
        self.not_kept(keep, now, None)
    }

    fn collect(
        &self,
        keep: &Retention,
        now: Timestamp,
        spared: Option<RunId>,
    ) -> Result<Collected, StorageError> {
        let mut collected = Collected::default();
        self.sweep_home(&mut collected)?;
        self.sweep(&mut collected)?;
        self.sweep_assets(&mut collected)?;
        let mut unlisted = Vec::new();
        // The newest first: one that was made from another goes before it.
        for (run, bytes) in self.not_kept(keep, now, spared)? {
            // What is in it nobody here can know.
            if self.events(run.id).is_err_and(|error| *error.kind() == StorageErrorKind::Newer) {
                continue;
            }
            // In the meantime another may have been made from it.
            match self.remove_if(run.id, |list| Ok(!list.has_children(run.id)?)) {
                Ok(true) => {
                    collected.removed.push(run.id);
                    collected.bytes += bytes;
                }
                Ok(false) => {}
                Err(error)
                    if matches!(error.kind(), StorageErrorKind::Held(_) | StorageErrorKind::NotFound) => {}
                // What its folder had was not room enough to say so; that of the next may be.
                Err(_) if !self.run_folder(run.id).exists() => unlisted.push((run.id, bytes)),
                Err(error) => return Err(error),
            }
        }
        for (run, bytes) in unlisted {
            self.remove_if(run, |_| Ok(true))?;
            collected.removed.push(run);
            collected.bytes += bytes;
        }
        let days = |days: u32| now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok();
        let oldest = keep.days.and_then(days);
        let is_old = |created: Timestamp| oldest.is_some_and(|oldest| created < oldest);
        self.collect_backfills(&self.listed(&RunQuery::default())?, is_old, &mut collected)?;
        self.collect_superseded(&mut collected)?;
        Ok(collected)
    }

    fn not_kept(
        &self,
        keep: &Retention,
        now: Timestamp,
        spared: Option<RunId>,
    ) -> Result<Vec<(RunRecord, u64)>, StorageError> {
        let mut runs = self.listed(&RunQuery::default())?;
        let kept = self.kept(&runs, keep, now, spared)?;
        runs.retain(|run| !kept.contains(&run.id));
        let with_size = |run: RunRecord| {
            let bytes = self.size(run.id)?;
            Ok((run, bytes))
        };
        runs.into_iter().map(with_size).collect()
    }

    fn kept(
        &self,
        runs: &[RunRecord],
        keep: &Retention,
        now: Timestamp,
        spared: Option<RunId>,
    ) -> Result<HashSet<RunId>, StorageError> {
        let oldest = keep.days.map(|days| {
            let days = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
            now.checked_sub(days).unwrap_or(Timestamp::MIN)
        });
        let (mut kept, mut bytes) = (HashSet::new(), 0);
        let parents: HashMap<RunId, RunId> =
            runs.iter().filter_map(|run| Some((run.id, run.parent?))).collect();
        for (number, run) in runs.iter().enumerate() {
            if keep.bytes.is_some() {
                bytes += self.size(run.id)?;
            }
            let beyond = keep.runs.is_some_and(|runs| number >= runs)
                || oldest.is_some_and(|oldest| run.ended.unwrap_or(run.created) < oldest)
                || keep.bytes.is_some_and(|most| bytes > most);
            if beyond && run.status.is_terminal() && spared != Some(run.id) {
                continue;
            }
            let mut next = Some(run.id);
            while let Some(run) = next.filter(|run| kept.insert(*run)) {
                next = parents.get(&run).copied();
            }
            kept.insert(run.root);
        }
        self.keep_backfills(runs, &mut kept)?;
        Ok(kept)
    }

    fn size(&self, run: RunId) -> Result<u64, StorageError> {
        let folder = self.run_folder(run);
        size(&folder).map_err(|error| error::machine(&folder, "read", &error))
    }

    /// Removes what was to be the list, or the sets of keys, and was never complete.
    fn sweep_home(&self, collected: &mut Collected) -> Result<(), StorageError> {
        let cannot = |error: io::Error| error::machine(self.path(), "read", &error);
        let mut partial = Vec::new();
        // While the list is locked nobody makes one of them.
        let _list = self.list().lock()?;
        for entry in self.path().read_dir().map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            if entry.file_name().to_str().is_some_and(is_partial_database) {
                partial.push((entry.path(), entry.metadata().map_or(0, |file| file.len())));
            }
        }
        sweep_partial(&partial, collected)
    }

    /// Removes what is no run and what was never complete, of what nobody holds.
    fn sweep(&self, collected: &mut Collected) -> Result<(), StorageError> {
        for run in runs_in(&self.runs_folder())? {
            let folder = self.run_folder(run);
            // Looked for before the list is locked: there may be many files, and others wait for the list.
            let partial = partial(&folder)?;
            let bytes = {
                let mut list = self.list().lock()?;
                if Hold::of(&folder)?.is_some() {
                    continue;
                }
                if list.has(run)? {
                    // While the list is locked nobody takes hold of it, so nobody will complete them.
                    sweep_partial(&partial, collected)?;
                    continue;
                }
                let is_removed = list.is_removed(run)?;
                if !is_removed && log::has_begun(run, &folder) {
                    continue;
                }
                let bytes = self.size(run)?;
                if !is_removed && let Err(refused) = list.delete(run) {
                    self.make_room(run, refused)?;
                }
                bytes
            };
            collected.swept += 1;
            collected.bytes += bytes;
            self.clear(run)?;
        }
        Ok(())
    }
}

/// Whether a file of this name is a database that was never complete, or what SQLite keeps beside one.
fn is_partial_database(name: &str) -> bool {
    ["instance.db", keys::FILE].iter().any(|database| {
        let rest = name.strip_prefix(database).and_then(|rest| rest.strip_prefix('.'));
        let rest = rest.and_then(|rest| rest.split_once('.')).map(|(_, extension)| extension);
        rest.and_then(|rest| rest.strip_prefix(PARTIAL))
            .is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm"))
    })
}

/// The files below a folder that are not complete, with their bytes.
pub(super) fn partial(files: &Path) -> Result<Vec<(PathBuf, u64)>, StorageError> {
    let mut partial = Vec::new();
    let found = each_file(files, &mut |path, bytes| {
        if path.extension().is_some_and(|extension| extension == PARTIAL) {
            partial.push((path.to_owned(), bytes));
        }
        Ok(())
    });
    found.map_err(|error| error::machine(files, "read", &error))?;
    Ok(partial)
}

/// Removes the files that a process which is gone has not completed. One that it did complete in the end is there no more
/// under this name.
pub(super) fn sweep_partial(
    partial: &[(PathBuf, u64)],
    collected: &mut Collected,
) -> Result<(), StorageError> {
    for (path, bytes) in partial {
        match write::remove_file(path, "artifact.sweep") {
            Ok(()) => {
                collected.swept += 1;
                collected.bytes += bytes;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error::machine(path, "removed", &error)),
        }
    }
    Ok(())
}
