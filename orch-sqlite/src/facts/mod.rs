//! Facts: what the events of runs tell of materializations, of those that failed and were passed over, and of what checks have
//! found, kept in `instance.db` so that it outlives them; and of what memoized steps were made, which goes with its run.
//!
//! A fact is first an event in the log of its run, and that is the truth. Whoever commits it has it put here afterwards,
//! by a thread that waits for others who write here, so that the run does not, and not for the disk, since the fact could be
//! taken from the log. Whoever reads facts in the same process waits until all are here that were told before. What could
//! not be put is put with the next line of the run in the list, and of a run whose process died by whoever settles it. So
//! what a settled run has told is here, and as durable as its line.

mod evaluations;
mod failed;
mod memos;
mod passed_over;
mod put;
mod read;
mod status;
mod teller;

use std::sync::Arc;

use orch_core::asset::{
    AssetKey, CheckEvaluation, EvaluationQuery, FailedMaterialization, Materialization, MaterializationQuery,
    PassedOver,
};
use orch_core::event::{Encoded, Entry};
use orch_core::ids::RunId;
use orch_core::memo::Memo;
use orch_core::partition::Keyspace;
use orch_core::storage::{Artifacts, AssetRecord, Facts, PartitionStatus, ReadAssets, StorageError};

use crate::Folder;
use crate::files::Files;

pub(crate) use put::{clear, leave, put, replace};
pub(crate) use read::Superseded;
pub(crate) use status::{Kept as KeptStatus, keep as keep_status};
pub(crate) use teller::Teller;

/// A fact, and its value if that lies with it.
pub(crate) type Told = (Materialization, Option<Encoded>);

/// What the log of a run tells, in its order.
#[derive(Debug, Default)]
pub(crate) struct OfRun {
    pub(crate) told: Vec<Told>,
    pub(crate) failed: Vec<FailedMaterialization>,
    pub(crate) passed_over: Vec<PassedOver>,
    pub(crate) found: Vec<CheckEvaluation>,
    pub(crate) remembered: Vec<Memo>,
    /// After the event of this number. What was imported with the run is told by another instance, and no fact here.
    pub(crate) after: u64,
}

impl OfRun {
    /// What these entries tell, of which the first comes after the event of this number.
    pub(crate) fn of_entries(entries: &[Entry], before: u64) -> Self {
        let (mut of_run, mut facts) = (Self { after: before, ..Self::default() }, Facts::default());
        for (number, Entry { event, value }) in (before + 1..).zip(entries) {
            of_run.told.extend(facts.take(number, event, value.as_ref()));
            of_run.failed.extend(FailedMaterialization::told(number, event));
            of_run.passed_over.extend(PassedOver::told(number, event));
            of_run.found.extend(CheckEvaluation::told(number, event));
            of_run.remembered.extend(Memo::told(number, event));
        }
        of_run
    }
}

impl ReadAssets for Folder {
    fn assets(&self) -> Result<Vec<AssetRecord>, StorageError> {
        self.facts_of(None)?;
        self.list().assets()
    }

    fn damaged_assets(&self) -> Result<Vec<StorageError>, StorageError> {
        self.facts_of(None)?;
        self.list().damaged_latest()
    }

    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, StorageError> {
        self.facts_of(query.run)?;
        self.list().materializations(query)
    }

    fn history(
        &self,
        query: &MaterializationQuery,
    ) -> Result<(Vec<Materialization>, Vec<StorageError>), StorageError> {
        self.facts_of(query.run)?;
        self.list().history(query)
    }

    fn latest_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_partitions(asset)
    }

    fn partition_status(
        &self,
        asset: &AssetKey,
        partitions: &Keyspace,
    ) -> Result<PartitionStatus, StorageError> {
        self.facts_of(None)?;
        self.list().partition_status(asset, partitions)
    }

    fn status_behind<'a>(&self, assets: &[&'a AssetKey]) -> Result<Vec<&'a AssetKey>, StorageError> {
        self.facts_of(None)?;
        self.list().status_behind(assets)
    }

    fn latest_failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_failure(asset, partition, false)
    }

    fn latest_failed_look(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_failure(asset, partition, true)
    }

    fn latest_passed_over(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<PassedOver>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_passed_over(asset, partition)
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, StorageError> {
        self.facts_of(query.run)?;
        self.list().evaluations(query)
    }

    fn checks_of(&self, asset: &AssetKey) -> Result<Vec<String>, StorageError> {
        self.facts_of(None)?;
        self.list().checks_of(asset)
    }

    fn latest_evaluations(
        &self,
        asset: &AssetKey,
        check: &str,
    ) -> Result<Vec<CheckEvaluation>, StorageError> {
        self.facts_of(None)?;
        self.list().latest_evaluations(asset, check)
    }

    fn asset_value(&self, fact: &Materialization) -> Result<Option<Encoded>, StorageError> {
        self.list().asset_value(fact)
    }

    fn asset_files(&self) -> Result<Arc<dyn Artifacts>, StorageError> {
        Ok(Arc::new(Files::of_assets(self.path())))
    }
}

impl Folder {
    /// Sees to it that the facts are here of all runs, or of this one: those that this process was told, and those that a
    /// process that died has left in a log.
    pub(crate) fn facts_of(&self, run: Option<RunId>) -> Result<(), StorageError> {
        self.teller().wait();
        self.settle(run).map(drop)
    }
}
