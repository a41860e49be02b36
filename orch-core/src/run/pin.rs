use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::check::Wanted;
use super::execute::processors;
use super::loader::Loader;
use super::partitions::ForPartitions;
use super::resume::config_of;
use super::{Definitions, RunError, Runner, runtime};
use crate::define::{RunPartitions, Tags};
use crate::graph::{AssetDef, CheckDef, Job};
use crate::ids::RunId;
use crate::plan::{PlanError, Step};
use crate::storage::{BackfillRecord, Pinned, Storage, StorageError, Unit};

/// What a run would be begun with, at a moment.
pub(crate) struct Pin {
    pub(crate) pinned: Pinned,
    /// The partitions that it is for, by their number in the plan.
    pub(crate) partitions: Vec<Arc<RunPartitions>>,
    /// The tags that it was given.
    pub(crate) tags: Tags,
}

impl Runner {
    /// What the run would be begun with at this moment.
    ///
    /// # Errors
    /// All that is wrong with the job or with what the run gives it, and with the partitions that it is told. With a storage
    /// also whatever it takes and does not make, and that is not there.
    pub(crate) fn pin(
        mut self,
        now: Timestamp,
        storage: Option<&Arc<dyn Storage>>,
    ) -> Result<Pin, PlanError> {
        self.now = Some(now);
        let checked = self.check_for(Wanted::Run)?;
        let plan = &checked.program.plan;
        let told = self.for_partitions(plan);
        let told = told.map_err(|problems| PlanError::new(plan.job.clone(), problems))?;
        if let Some(storage) = storage {
            let io = Arc::new(std::mem::take(&mut self.environment.io));
            Loader::of_new(self.id, &plan.job, Arc::clone(storage), io).load(&checked.program, &told)?;
        }
        let ForPartitions { of, pinned: told, .. } = told;
        let mut pinned = self.pinned(&checked.program, &checked.given, Vec::new());
        pinned.partitions = told;
        Ok(Pin { pinned, partitions: of, tags: self.tags })
    }

    /// Whether the run could begin at this moment if it were recorded there. Nothing is kept of the question.
    ///
    /// # Errors
    /// All that is wrong with the job or with what the run gives it, with the partitions that it is told, and whatever it takes
    /// and does not make, and that is not there; or if that cannot be read.
    pub fn could_begin(self, storage: &Arc<dyn Storage>) -> Result<(), RunError> {
        let runner = self.with_keys_of(&**storage).map_err(RunError::storage)?;
        runner.pin(Timestamp::now(), Some(storage)).map(drop).map_err(RunError::plan)
    }
}

impl Definitions {
    /// A runtime for so many runs at once of what was pinned: with a timer, and a blocking thread for each step.
    pub(crate) fn runtime_of(
        &self,
        pinned: &Pinned,
        runs: usize,
    ) -> Result<tokio::runtime::Runtime, RunError> {
        runtime::check_blocking()?;
        let steps = pinned.plan.max_concurrent.unwrap_or_else(processors);
        runtime::with_room_for(steps.saturating_mul(runs))
    }

    /// A run of all that a backfill makes, with what that was launched with.
    pub(crate) fn whole_of(&self, backfill: &BackfillRecord) -> Result<Runner, RunError> {
        let (pinned, what) = (&backfill.pinned, format!("the backfill {}", backfill.id));
        let mut runner = self.runner_with(&what, &pinned.plan.job, &pinned.plan.steps, pinned)?;
        if let Some(pinned) = &pinned.partitions {
            (runner.partition, runner.keys) = (pinned.selection.clone(), Some(pinned.keys.clone()));
        }
        Ok(runner)
    }

    /// The ops whose functions are others than when a backfill was launched, as [`Runner::other_code`] tells those of a run: what is
    /// done stands, what is left runs by the new code.
    ///
    /// # Errors
    /// If this program cannot make what the backfill makes.
    pub fn other_code_since(&self, backfill: &BackfillRecord) -> Result<Vec<Arc<str>>, RunError> {
        let checked = self.whole_of(backfill)?.check_for(Wanted::Plan).map_err(RunError::plan)?;
        Ok(checked.program.other_code(&backfill.pinned.code))
    }

    /// The job of a group of what a backfill makes: its assets, and the checks that look at them. Of what others make it looks at the
    /// partitions that it takes, if the backfill was to; at what has none each run would look anew, and none does.
    pub(crate) fn job_of_group(&self, backfill: &BackfillRecord, group: usize) -> Job {
        let (assets, planned) = (&backfill.groups[group].assets, &backfill.pinned.plan.steps);
        let made = planned.iter().flat_map(|step| &step.assets).filter(|asset| assets.contains(&asset.key));
        let is_planned = |check: &CheckDef| {
            let mut looks = planned.iter().filter_map(|step| step.check.as_ref());
            looks.any(|planned| planned.asset == *check.asset().key() && *planned.name == *check.name())
        };
        let checks = self.asset_graph().checks().iter();
        let looks = checks.filter(|check| assets.contains(check.asset().key()) && is_planned(check));
        let of_checks = looks.flat_map(|check| check.upstream()).map(AssetDef::key);
        let taken: HashSet<_> = made.flat_map(|asset| &asset.upstream).chain(of_checks).collect();
        let is_of_group = |step: &&Step| {
            step.assets.iter().any(|asset| assets.contains(&asset.key))
                || step.check.as_ref().is_some_and(|check| assets.contains(&check.asset))
                || step.map.is_some() && step.observes.as_ref().is_some_and(|asset| taken.contains(asset))
        };
        let steps: Vec<_> = planned.iter().filter(is_of_group).cloned().collect();
        self.materialize_steps(&steps)
    }

    /// A run of such a job that makes these partitions as a unit of the backfill.
    pub(crate) fn run_of_unit(
        &self,
        storage: &Arc<dyn Storage>,
        backfill: &BackfillRecord,
        (unit, job): (Unit, &Job),
        partitions: Option<String>,
    ) -> Result<Runner, RunError> {
        let what = format!("the backfill {}", backfill.id);
        let mut runner = self.surrounded(&what, job, &backfill.pinned)?;
        // What it says of other groups does not concern this one.
        runner.environment = runner.environment.config(config_of(&what, &backfill.pinned));
        runner.partition = partitions;
        runner.now = Some(backfill.created);
        runner.keys = backfill.pinned.partitions.as_ref().map(|pinned| pinned.keys.clone());
        runner.tags.clone_from(&backfill.tags);
        Ok(runner.for_unit(backfill, unit).record(storage))
    }
}

impl Runner {
    /// The same with the sets of keys that there are now, unless it was given others.
    pub(crate) fn with_keys_of(mut self, storage: &dyn Storage) -> Result<Self, StorageError> {
        if self.keys.is_none() {
            self.keys = Some(storage.key_sets()?);
        }
        Ok(self)
    }

    /// The same, as a unit of a backfill: where that does not make all, what it takes of other partitions than its own the checks of
    /// the backfill must have let through too.
    pub(crate) fn for_unit(mut self, backfill: &BackfillRecord, unit: Unit) -> Self {
        self.own = unit.tags(backfill.id);
        if self.memoizes || self.only_missing {
            let checks = backfill.pinned.plan.steps.iter().filter_map(|step| step.check.as_ref());
            self.heeded = checks.filter(|check| check.blocking).cloned().collect();
        }
        self.run_id(RunId::new())
    }

    /// The run's identifier.
    pub(crate) fn id(&self) -> RunId {
        self.id
    }
}
