use std::collections::{BTreeMap, HashSet};

use super::error::BackfillError;
use super::schedule::Schedule;
use super::units::Units;
use crate::asset::{AssetKey, MaterializationQuery};
use crate::ids::RunId;
use crate::storage::{
    BACKFILL_TAG, BackfillRecord, RunQuery, RunRecord, RunState, Storage, StorageError, Unit,
};

/// What has become of each unit of a backfill, read of its runs.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// By unit, with its latest run.
    runs: BTreeMap<Unit, (Stands, RunRecord)>,
    /// Why no run could begin.
    pub(super) refused: BTreeMap<Unit, String>,
    /// All runs of the units that failed, or were canceled with the backfill.
    of_failed: BTreeMap<Unit, Vec<RunId>>,
}

/// How a unit stands by its latest run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Done,
    UnderWay,
    /// Its process is gone.
    Interrupted,
    Failed,
    /// Its run was canceled with the backfill.
    Canceled,
    /// It failed, and is to be made again.
    Again,
}

impl Progress {
    /// Reads what has become of a backfill.
    pub(super) fn read(
        storage: &dyn Storage,
        record: &BackfillRecord,
        units: &Units,
    ) -> Result<Self, StorageError> {
        let tags = vec![(BACKFILL_TAG.to_owned(), record.id.to_string())];
        let mut progress = Self::default();
        let mut all: BTreeMap<Unit, Vec<RunId>> = BTreeMap::new();
        // The newest first.
        for mut run in storage.runs(&RunQuery { tags, ..RunQuery::default() })? {
            let Some((_, unit)) = run.unit().filter(|(_, unit)| units.has(*unit)) else { continue };
            all.entry(unit).or_default().push(run.id);
            if progress.runs.contains_key(&unit) {
                continue;
            }
            let stands = match RunState::look(storage, &mut run)? {
                RunState::Success => Stands::Done,
                RunState::Running | RunState::Canceling => Stands::UnderWay,
                RunState::Interrupted => Stands::Interrupted,
                _ if record.marks.again.contains(&run.id) => Stands::Again,
                // Nothing of it has failed, and what is made of it was never begun.
                RunState::Canceled if record.marks.canceled.is_some() && run.first_failed.is_none() => {
                    Stands::Canceled
                }
                RunState::Failure | RunState::Canceled => Stands::Failed,
            };
            progress.runs.insert(unit, (stands, run));
        }
        for refused in record.marks.refused.iter().filter(|refused| units.has(refused.unit)) {
            let stands = progress.runs.get(&refused.unit).map(|(stands, _)| *stands);
            if stands.is_none_or(|stands| !matches!(stands, Stands::Done | Stands::Failed | Stands::Canceled))
            {
                progress.refused.insert(refused.unit, refused.why.clone());
            }
        }
        let canceled = progress.standing(Stands::Canceled).map(|(unit, _)| unit);
        let failed: HashSet<_> = progress.failed().chain(canceled).collect();
        progress.of_failed = all.into_iter().filter(|(unit, _)| failed.contains(unit)).collect();
        Ok(progress)
    }

    /// The units that stand so, each with its latest run.
    pub(super) fn standing(&self, stands: Stands) -> impl Iterator<Item = (Unit, &RunRecord)> {
        self.runs.iter().filter(move |(_, (of, _))| *of == stands).map(|(unit, (_, run))| (*unit, run))
    }

    /// How a unit stands, with its latest run; nothing if it has none.
    pub(super) fn of(&self, unit: Unit) -> Option<(Stands, &RunRecord)> {
        self.runs.get(&unit).map(|(stands, run)| (*stands, run))
    }

    /// The units that failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = Unit> {
        self.standing(Stands::Failed).map(|(unit, _)| unit).chain(self.refused.keys().copied())
    }

    /// Where the backfill stands by that.
    pub(super) fn schedule<'a>(&self, units: &'a Units) -> Schedule<'a> {
        Schedule::new(units, self.standing(Stands::Done).map(|(unit, _)| unit), self.failed())
    }

    /// The partitions of an asset that the runs of a unit that failed, or was canceled, have made all the same; one without a name of an asset
    /// without partitions.
    pub(super) fn made_of_failed(
        &self,
        storage: &dyn Storage,
        unit: Unit,
        asset: &AssetKey,
    ) -> Result<Vec<Option<String>>, StorageError> {
        let mut made = HashSet::new();
        for &run in self.of_failed.get(&unit).into_iter().flatten() {
            let query = MaterializationQuery {
                asset: Some(asset.clone()),
                run: Some(run),
                ..MaterializationQuery::default()
            };
            made.extend(storage.materializations(&query)?.into_iter().map(|fact| fact.partition));
        }
        Ok(made.into_iter().collect())
    }

    /// Whether of what a unit lacks this partition of an asset has failed itself, or all has, as in a run that could not begin.
    pub(super) fn has_failed(
        &self,
        storage: &dyn Storage,
        unit: Unit,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<bool, StorageError> {
        let came_to_steps = self.of(unit).is_some_and(|(_, run)| run.first_failed.is_some());
        let Some(first) = self.of_failed.get(&unit).and_then(|runs| runs.iter().min()) else {
            return Ok(true);
        };
        if !came_to_steps || self.refused.contains_key(&unit) {
            return Ok(true);
        }
        // What failed in another run since then may have hidden it.
        Ok(storage.latest_failure(asset, partition)?.is_some_and(|failed| failed.run >= *first))
    }
}

impl Units {
    /// The units of a backfill that is kept.
    pub(super) fn read(record: &BackfillRecord) -> Result<Self, BackfillError> {
        Self::of(record).map_err(|error| BackfillError::unreadable(record.id, &error))
    }
}
