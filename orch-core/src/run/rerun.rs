use std::sync::Arc;

use super::gone_on::Anew;
use super::lineage::{History, Lineage};
use super::loader::Loader;
use super::record::{Record, Upstream};
use super::resume::own_tags;
use super::{Definitions, RunError, Runner};
use crate::asset::Versions;
use crate::ids::RunId;
use crate::plan::{PlanError, Program};
use crate::select::StepSelection;
use crate::storage::{Storage, StorageError, StorageErrorKind};

/// What a run that is made from another one runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rerun {
    /// All steps, anew.
    All,
    /// What did not come to a good end, and all that depends on it: steps that failed, that were interrupted or canceled,
    /// that were skipped for want of these, or never began. In a map it is each item for itself. What succeeded, or was
    /// skipped for want of an output that was left out, stays as it is; but what a blocking check has refused is made anew, since
    /// of the same it would find the same. What another run has made anew since is taken in its place, and what was made of the old is
    /// made anew.
    FromFailure,
    /// These steps. What they take from others, these or earlier runs have made.
    Select(StepSelection),
}

impl Definitions {
    /// A new run of the job of a recorded one, with the same environment and configuration, which names that as its parent.
    /// Values of steps that do not run are those of whichever of its ancestors has made them, with [`Rerun::FromFailure`] of assets that
    /// another run has made anew since those of that; what is taken of assets that the run does
    /// not make is the latest, but for [`Rerun::All`] of the partitions that there were when the recorded one began.
    ///
    /// # Errors
    /// If there is no such run, or this program has no such job or environment; with [`Rerun::FromFailure`] also if the run
    /// is not over, since it can go on, or if nothing of it has failed.
    pub fn rerun(&self, storage: &Arc<dyn Storage>, run: RunId, what: Rerun) -> Result<Runner, RunError> {
        let record = storage.run(run).map_err(RunError::storage)?;
        let pinned = storage.pinned(run).map_err(RunError::storage)?;
        let mut runner = self.runner_of(storage, &record, &pinned)?;
        runner.tags = own_tags(&record);
        if matches!(what, Rerun::All) {
            // What it takes of others is what there is now.
            (runner.begun, runner.keys) = (None, None);
        }
        // What is to be made anew is; a run that goes on passes over what the one before would have passed over.
        if !matches!(what, Rerun::FromFailure) {
            (runner.memoizes, runner.only_missing, runner.takes_memos) = (false, false, false);
            // It takes what there is, as a run that is told to make something.
            runner.heeded.clear();
        }
        let upstream = match what {
            // A part of a job takes its values from where it took them before.
            Rerun::All => pinned
                .upstream
                .filter(|_| pinned.selection.is_some())
                .map(|run| Upstream { run, goes_on: false }),
            Rerun::FromFailure => {
                let refused = |message: String, hint: &str| {
                    Err(RunError::storage(StorageError::new(StorageErrorKind::Over, message).hint(hint)))
                };
                match record.status {
                    status if !status.is_terminal() => {
                        return refused(
                            format!(
                                "the run {run} is not over: it has no end from which another could go on"
                            ),
                            "if someone runs it, wait for its end or cancel it; else let it go on: resume; or rerun --all",
                        );
                    }
                    crate::event::RunStatus::Success => {
                        return refused(
                            format!("of the run {run} nothing has failed"),
                            "run it anew: rerun --all, or a part of it: rerun --select ..",
                        );
                    }
                    _ => Some(Upstream { run, goes_on: true }),
                }
            }
            Rerun::Select(selection) => {
                runner = runner.select(selection);
                runner.take_values_of(storage, run)?;
                Some(Upstream { run, goes_on: false })
            }
        };
        runner.record = Some(Record { storage: Arc::clone(storage), parent: Some(record), upstream });
        Ok(runner)
    }
}

impl Runner {
    /// Takes what steps that are not selected have made from a recorded run.
    pub(super) fn take_values_of(&mut self, storage: &Arc<dyn Storage>, run: RunId) -> Result<(), RunError> {
        let program = Program::compile(&self.job).map_err(RunError::plan)?;
        let history =
            History::read(&**storage, run, program.plan.has_memoized()).map_err(RunError::storage)?;
        let io = Arc::new(self.environment.io.clone());
        let taken = storage.pinned(run).map_err(RunError::storage)?.loaded;
        let loader = Loader {
            ancestors: Vec::new(),
            taken,
            ..Loader::of_new(run, &program.plan.job, Arc::clone(storage), Arc::clone(&io))
        };
        let partitions = self
            .for_partitions(&program.plan)
            .map_err(|problems| RunError::plan(PlanError::new(program.plan.job.clone(), problems)))?;
        let memory = loader.remember(&program, &partitions);
        let anew =
            Anew { storage: &**storage, program: &program, memory: &memory, since: &Versions::default() };
        let lineage = Lineage::of(storage, run, history, &io, &anew).map_err(RunError::storage)?;
        self.made = lineage.recorded.assets().clone();
        self.earlier = Some(Arc::new(lineage.known(&program, &memory)));
        Ok(())
    }
}
