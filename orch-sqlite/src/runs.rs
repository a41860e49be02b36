//! The ports of a storage.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::Arc;

use orch_core::ids::RunId;
use orch_core::memo::{Given, Memo, MemoQuery};
use orch_core::storage::{
    Artifacts, Holder, Pinned, ReadEvents, ReadRuns, RunQuery, RunRecord, StorageError, StorageErrorKind,
    Watch, WriteEvents, WriteRuns,
};

use crate::files::Files;
use crate::folder::{Folder, runs_in};
use crate::list::Locked;
use crate::lock::Hold;
use crate::log::has_begun;
use crate::{error, log, watch, write};

impl ReadRuns for Folder {
    fn describe(&self) -> String {
        format!("`{}`, durability {}", self.named().display(), self.durability())
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        // Looked at before the list: what is made meanwhile is in the list alone.
        let asks_for_all =
            query.limit.is_none_or(|limit| self.list().count().is_ok_and(|runs| runs <= limit as u64))
                && RunQuery { limit: None, ..query.clone() } == RunQuery::default();
        let there = if asks_for_all { runs_in(&self.runs_folder())? } else { Vec::new() };
        let runs = self.listed(query)?;
        self.has_all(there, &runs)?;
        Ok(runs)
    }

    fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        let mut runs = vec![self.list().run(run).or_else(|error| match error.kind() {
            StorageErrorKind::NotFound => self.has_all([run], &[]).and(Err(error)),
            _ => Err(error),
        })?];
        if !runs[0].status.is_terminal() {
            let corrected = self.settle(Some(run))?;
            runs = vec![self.list().run(run)?];
            replace(&mut runs, &corrected);
        }
        runs.pop().ok_or_else(|| StorageError::no_run(run))
    }

    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError> {
        let corrected = self.settle(None)?;
        let mut runs = self.list().begin_with(prefix, limit)?;
        replace(&mut runs, &corrected);
        if runs.is_empty() {
            let mut there = runs_in(&self.runs_folder())?;
            let digits = |text: &str| text.replace('-', "").to_ascii_lowercase();
            there.retain(|run| digits(&run.to_string()).starts_with(&digits(prefix)));
            self.has_all(there, &runs)?;
        }
        Ok(runs)
    }

    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError> {
        self.list().run(run)?;
        self.reader(run)?.pinned()
    }

    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError> {
        self.list().run(run)?;
        Hold::of(&self.run_folder(run))
    }

    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError> {
        self.list().run(run)?;
        Ok(Box::new(self.reader(run)?))
    }

    fn watch(&self, run: RunId) -> Result<Box<dyn Watch>, StorageError> {
        self.list().run(run)?;
        Ok(watch::watch(&self.run_folder(run)))
    }

    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError> {
        self.list().run(run)?;
        Ok(Arc::new(Files::of(&self.run_folder(run))))
    }

    fn memos(&self, query: &MemoQuery) -> Result<Vec<Memo>, StorageError> {
        self.facts_of(query.run)?;
        self.list().memos(query)
    }

    fn latest_memos(&self, op: &str, code: &str) -> Result<Vec<Given>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_memos(op, code)
    }
}

impl WriteRuns for Folder {
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError> {
        let hold = self.claim(run.id)?;
        let mut is_listed = false;
        let made = log::make(self, hold, run, pinned).and_then(|writer| {
            let mut list = self.list().lock()?;
            // Whoever removes runs looks for those made of them, and may have done so while this one was not listed.
            if let Some(parent) = run.parent
                && !list.has(parent)?
            {
                return Err(StorageError::no_run(parent));
            }
            self.admit(&list, run)?;
            is_listed = true;
            list.put(run, false)?;
            Ok(writer)
        });
        match made {
            Err(_) if is_listed => self.give_up_listed(run.id),
            Err(_) => self.give_up(run.id),
            Ok(_) => {}
        }
        Ok(Box::new(made?))
    }

    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError> {
        let hold = {
            let mut list = self.list().lock()?;
            if !list.has(run)? {
                return Err(StorageError::no_run(run));
            }
            let hold = Hold::take_run(&list, run, &self.run_folder(run))?;
            list.unsettle(run)?;
            hold
        };
        let mut writer = log::Writer::open(self, hold, run)?;
        // A process that died may not have put them all, and a loss of power may have taken the events of some: their
        // numbers are given to others now.
        writer.tell_anew();
        Ok(Box::new(writer))
    }

    fn remove(&self, run: RunId) -> Result<(), StorageError> {
        match self.remove_if(run, |list| Ok(!list.has_children(run)?)) {
            Ok(false) => Err(StorageError::needed(run)),
            removed => removed.map(drop),
        }
    }
}

impl Folder {
    /// The runs of the list that are asked for, whether it has all or not.
    pub(crate) fn listed(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        let corrected = self.settle(None)?;
        let mut runs = self.list().runs(query)?;
        if !corrected.is_empty() {
            replace(&mut runs, &corrected);
            runs.retain(|run| query.matches(run));
        }
        Ok(runs)
    }

    /// Fails if one of those that have a folder is a run, and the list has lost it.
    fn has_all(
        &self,
        there: impl IntoIterator<Item = RunId>,
        listed: &[RunRecord],
    ) -> Result<(), StorageError> {
        let listed: HashSet<RunId> = listed.iter().map(|run| run.id).collect();
        for run in there.into_iter().filter(|run| !listed.contains(run)) {
            let lost = match self.stand(run)? {
                Stand::Lost => true,
                // It has come to be meanwhile, or what leads to its line does not.
                Stand::Listed => self.is_hidden(run)?,
                Stand::Removed | Stand::NeverBegun => false,
            };
            if lost {
                let why = format!("the run {run} is not in the list");
                return Err(error::corrupt(self.list().path(), why));
            }
        }
        Ok(())
    }

    /// Whether a run has its line, and is not found by whoever looks for all.
    fn is_hidden(&self, run: RunId) -> Result<bool, StorageError> {
        let has_line = || self.list().run(run).is_ok();
        if !has_line() {
            return Ok(false);
        }
        let all = self.list().runs(&RunQuery::default())?;
        // It may have been removed just now.
        Ok(!all.iter().any(|listed| listed.id == run) && has_line())
    }

    /// What there is to say of the run that a folder is named after.
    pub(crate) fn stand(&self, run: RunId) -> Result<Stand, StorageError> {
        let folder = self.run_folder(run);
        // First, since what happens comes after the line in the list, and one that is being made is held until then.
        let has_begun = has_begun(run, &folder);
        Ok(if Hold::of(&folder)?.is_some() || self.list().has(run)? {
            Stand::Listed
        } else if self.list().is_removed(run)? {
            Stand::Removed
        } else if has_begun && folder.exists() {
            Stand::Lost
        } else {
            Stand::NeverBegun
        })
    }

    /// Makes the folder of a run, and takes hold of it. Until the run is in the list this is no run, and swept away
    /// once its maker is gone.
    pub(crate) fn claim(&self, run: RunId) -> Result<Hold, StorageError> {
        let folder = self.run_folder(run);
        let cannot = |error: std::io::Error| error::machine(&folder, "made", &error);
        let mut list = self.list().lock()?;
        if list.has(run)? {
            return Err(StorageError::exists(run));
        }
        if !write::folder(&folder, "run.folder").map_err(cannot)? {
            if let Some(holder) = Hold::of(&folder)? {
                return Err(StorageError::held(run, holder));
            }
            if !list.is_removed(run)? && has_begun(run, &folder) {
                return Err(StorageError::exists(run));
            }
            write::remove_folder(&folder, "run.sweep").map_err(cannot)?;
            write::folder(&folder, "run.folder").map_err(cannot)?;
        }
        Hold::take_run(&list, run, &folder)
    }

    /// Removes what was to be a run. If this fails too, it is swept away later.
    pub(crate) fn give_up(&self, run: RunId) {
        let _ = write::remove_folder(&self.run_folder(run), "run.sweep");
    }

    /// The same, where the list has refused its line: a line that could not be brought to the disk may be found there all
    /// the same by whoever opens the list next. So it goes first. What somebody else has begun to import in its place
    /// meanwhile stays, and nobody begins to while this goes.
    pub(crate) fn give_up_listed(&self, run: RunId) {
        let Ok(mut list) = self.list().lock() else { return };
        if !matches!(Hold::of(&self.run_folder(run)), Ok(None)) {
            return;
        }
        // If this fails too, it is swept away later.
        let _ = list.delete(run).and_then(|()| self.remove_left(run)).and_then(|()| list.forget(run));
    }

    /// Removes a run, if that is wanted still while nobody writes the list; whether it was.
    pub(crate) fn remove_if(
        &self,
        run: RunId,
        wanted: impl FnOnce(&mut Locked<'_>) -> Result<bool, StorageError>,
    ) -> Result<bool, StorageError> {
        let folder = self.run_folder(run);
        // What it has told of assets and the list does not know yet would be lost with its log.
        let (_, refused) = self.settle_or_tell(Some(run))?;
        {
            let mut list = self.list().lock()?;
            if !list.has(run)? {
                return Err(StorageError::no_run(run));
            }
            if let Some(holder) = Hold::of(&folder)? {
                return Err(StorageError::held(run, holder));
            }
            if !wanted(&mut list)? {
                return Ok(false);
            }
            if list.is_unsettled(run)?
                // Of one whose log cannot be read nothing is told any more.
                && let Ok(Some(log)) = log::Reader::open(run, &folder)
                && log.facts(0, u64::MAX).is_ok_and(|log| !log.told.is_empty())
            {
                let message = format!(
                    "what the run {run} tells of assets could not be written to the list, and would be lost with it"
                );
                let Some(why) = refused else {
                    return Err(StorageError::new(StorageErrorKind::Machine, message)
                        .hint("look at the list with `instance check`, and try again"));
                };
                let told = StorageError::new(StorageErrorKind::Machine, format!("{message}: {why}"));
                return Err(why.advice().map(str::to_owned).into_iter().fold(told, StorageError::hint));
            }
            if let Err(refused) = list.delete(run) {
                self.make_room(run, refused)?;
                list.delete(run)?;
            }
        }
        self.clear(run)?;
        Ok(true)
    }

    /// On a full disk that has no room to say that a run is removed, its folder goes first. Whoever dies in between has
    /// left a run without one, which can be removed as any other.
    pub(crate) fn make_room(&self, run: RunId, refused: StorageError) -> Result<(), StorageError> {
        if !write::is_full(self.list().path()) {
            return Err(refused);
        }
        self.remove_left(run)
    }

    /// Removes the folder of a run that is in the list no more.
    pub(crate) fn clear(&self, run: RunId) -> Result<(), StorageError> {
        // A folder that a loss of power brings back must be known as one that may go.
        self.remove_left(run).and_then(|()| self.list().lock()?.forget(run))
    }

    /// Removes the folder of a run, if it is there, for good.
    fn remove_left(&self, run: RunId) -> Result<(), StorageError> {
        let folder = self.run_folder(run);
        match write::remove_folder(&folder, "run.remove") {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error::machine(&folder, "removed", &error))
            }
            _ => self.sync_runs(),
        }
    }
}

/// What what is in the folder of a run is to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It is in the list, or about to be.
    Listed,
    /// What is left of one that was removed, or not imported to its end.
    Removed,
    /// A run that the list lacks.
    Lost,
    /// What was to be one.
    NeverBegun,
}

fn replace(runs: &mut [RunRecord], corrected: &[RunRecord]) {
    for run in runs {
        if let Some(corrected) = corrected.iter().find(|corrected| corrected.id == run.id) {
            run.clone_from(corrected);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use orch_core::storage::conformance;

    use super::*;
    use crate::Durability;

    /// Of two that import the same run the first has failed, and the second has begun before the first has cleared away.
    #[test]
    fn what_somebody_else_has_taken_meanwhile_is_not_given_up() {
        let home = env::temp_dir().join(format!("orch-given-up-{}", process::id()));
        let _ = fs::remove_dir_all(&home);
        let folder = Folder::open(&home, Durability::Normal).expect("a folder");
        let run = RunRecord::new(RunId::from_u128(1), "job", [].into(), jiff::Timestamp::UNIX_EPOCH);
        let second = folder.create(&run, &conformance::pinned()).expect("it can be made");
        folder.give_up_listed(run.id);
        assert_eq!(folder.run(run.id).expect("it is listed").id, run.id);
        assert_eq!(folder.pinned(run.id).expect("it is there"), conformance::pinned());
        drop(second);
        folder.give_up_listed(run.id);
        assert!(folder.run(run.id).is_err(), "nobody holds it");
        assert!(!folder.run_folder(run.id).exists());
        fs::remove_dir_all(home).expect("it was made here");
    }
}
