//! What is kept of assets, in order.

use std::collections::HashSet;
use std::io::ErrorKind;

use orch_core::asset::{EvaluationQuery, MaterializationQuery};
use orch_core::ids::RunId;
use orch_core::memo::MemoQuery;
use orch_core::storage::{ReadAssets, RunRecord, StorageError, StorageErrorKind};

use super::check::Finding;
use super::gc::{Collected, partial, sweep_partial};
use crate::facts::{Superseded, Told};
use crate::files::ASSETS;
use crate::lock::Hold;
use crate::{Folder, error, write};

const RESTORE: &str = "restore it from a backup, or materialize the asset anew";

impl Folder {
    /// Compares what is known of assets with what these runs tell, and looks at the values of the latest.
    pub(super) fn check_assets(
        &self,
        runs: &[RunRecord],
        found: &mut Vec<Finding>,
    ) -> Result<(), StorageError> {
        let list = self.list().path();
        let others = self.list().damaged_failures()?.into_iter();
        let others = others.chain(self.list().damaged_passed_over()?);
        let others = others.chain(self.list().damaged_evaluations()?).chain(self.list().damaged_memos()?);
        let others = others.map(|problem| (problem, error::LIST));
        for (problem, hint) in self.list().damaged_facts()?.into_iter().chain(others) {
            found.push(Finding { run: None, file: list.to_owned(), problem, hint: hint.to_owned() });
        }
        for run in runs {
            if self.tells_otherwise(run)? {
                let problem = format!(
                    "what is known of assets and memoized steps by the run {} is not what its events say",
                    run.id
                );
                let (file, hint) = (list.to_owned(), error::LIST.to_owned());
                found.push(Finding { run: Some(run.id), file, problem, hint });
            }
        }
        let files = self.asset_files()?;
        for (fact, file) in self.list().files_of_latest()? {
            if let Err(error) = files.read(&file) {
                let path = self.path().join(ASSETS).join(&file.file);
                let problem = match error.kind() {
                    StorageErrorKind::Corrupt => "it is not what was written".to_owned(),
                    _ => error.to_string(),
                };
                let problem = format!("the value of the asset `{}`: {problem}", fact.asset);
                found.push(Finding { run: Some(fact.run), file: path, problem, hint: RESTORE.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether what is known of assets and of memoized steps by a run is not what its log tells.
    fn tells_otherwise(&self, run: &RunRecord) -> Result<bool, StorageError> {
        // Of one that is under way, or was left so, something may not be there yet: now, or when the log was read.
        let is_unsettled = || self.list().is_unsettled(run.id);
        if is_unsettled()? {
            return Ok(false);
        }
        // Of one that is damaged is told elsewhere.
        let Ok(log) = self.reader(run.id).and_then(|reader| reader.facts(0, u64::MAX)) else {
            return Ok(false);
        };
        let query = MaterializationQuery { run: Some(run.id), ..MaterializationQuery::default() };
        let Ok(mut known) = self.list().materializations(&query) else { return Ok(false) };
        known.retain(|fact| fact.event > log.after);
        known.sort_by_key(|fact| fact.event);
        let Ok(mut failed) = self.list().failures_of(run.id) else { return Ok(false) };
        failed.retain(|fact| fact.event > log.after);
        let Ok(mut passed_over) = self.list().passed_over_by(run.id) else { return Ok(false) };
        passed_over.retain(|fact| fact.event > log.after);
        let query = EvaluationQuery { run: Some(run.id), ..EvaluationQuery::default() };
        let Ok(mut found) = self.list().evaluations(&query) else { return Ok(false) };
        found.retain(|fact| fact.event > log.after);
        found.sort_by_key(|fact| fact.event);
        let query = MemoQuery { run: Some(run.id), ..MemoQuery::default() };
        let Ok(mut remembered) = self.list().memos(&query) else { return Ok(false) };
        remembered.retain(|memo| memo.event > log.after);
        remembered.sort_by_key(|memo| memo.event);
        let is_same = known.iter().eq(log.told.iter().map(|(fact, _): &Told| fact))
            && failed == log.failed
            && passed_over == log.passed_over
            && found == log.found
            && remembered == log.remembered;
        Ok(!is_same && !is_unsettled()?)
    }

    /// Removes the values of materializations whose runs are gone and whose place others have taken. The facts stay.
    pub(super) fn collect_superseded(&self, collected: &mut Collected) -> Result<(), StorageError> {
        let mut superseded = self.list().superseded()?;
        if superseded.is_empty() {
            return Ok(());
        }
        let taken = self.taken()?;
        superseded.retain(|one| !taken.contains(&one.told));
        let ids: HashSet<i64> = superseded.iter().map(|superseded| superseded.id).collect();
        for Superseded { id, file, bytes, .. } in &superseded {
            collected.superseded += 1;
            collected.bytes += bytes;
            // The files first: whoever dies in between has left facts from which it is found that there are none.
            if let Some(file) = file
                && self.list().who_needs(*id, file)?.iter().all(|other| ids.contains(other))
            {
                let path = self.path().join(ASSETS).join(&file.file);
                match write::remove_file(&path, "asset.remove") {
                    Ok(()) => collected.bytes += file.bytes,
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error::machine(&path, "removed", &error)),
                }
            }
        }
        self.list().lock()?.clear_facts(&ids)
    }

    /// What runs have taken that are not over: they may load it yet, or go on with it.
    fn taken(&self) -> Result<HashSet<(RunId, u64)>, StorageError> {
        let mut taken = HashSet::new();
        for run in self.list().unfinished()? {
            // One whose log cannot be read cannot go on.
            let Ok(pinned) = self.reader(run.id).and_then(|reader| reader.pinned()) else { continue };
            taken.extend(pinned.loaded.iter().map(|fact| (fact.run, fact.event)));
        }
        Ok(taken)
    }

    /// Removes the files of assets that were never complete, unless someone holds a run, who may be writing them.
    pub(super) fn sweep_assets(&self, collected: &mut Collected) -> Result<(), StorageError> {
        // Looked for before the list is locked, as those of runs are.
        let partial = partial(&self.path().join(ASSETS))?;
        if partial.is_empty() {
            return Ok(());
        }
        // While the list is locked nobody takes hold of a run, and whoever holds one has it unsettled.
        let _list = self.list().lock()?;
        for run in self.list().unsettled()? {
            if Hold::of(&self.run_folder(run.id))?.is_some() {
                return Ok(());
            }
        }
        sweep_partial(&partial, collected)
    }
}
