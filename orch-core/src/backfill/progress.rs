use std::collections::{BTreeMap, HashSet};

use super::error::BackfillError;
use super::lacking::lost;
use super::schedule::{Outcome, Schedule};
use super::units::Units;
use crate::asset::AssetKey;
use crate::ids::RunId;
use crate::partition::PartitionSet;
use crate::run::PARTITION_TAG;
use crate::storage::{
    BACKFILL_TAG, BackfillRecord, RunQuery, RunRecord, RunState, Storage, StorageError, Unit,
};

/// What has become of each unit of a backfill, read of its runs.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// By unit, the newest first.
    parts: BTreeMap<Unit, Vec<Part>>,
    /// Why no run could begin.
    refused: BTreeMap<Unit, Part>,
    /// All runs of the units that are not done, the newest first.
    runs: BTreeMap<Unit, Vec<RunId>>,
}

/// Partitions of a unit, and how they stand by the latest run that was for them. Most units have one run for all; of what others have
/// excluded some, these have another one later.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) unit: Unit,
    pub(super) partitions: PartitionSet,
    pub(super) stands: Stands,
    pub(super) by: By,
}

/// What says how partitions stand.
#[derive(Debug)]
pub(super) enum By {
    Run(Box<RunRecord>),
    /// No run could begin, for this reason.
    Refused(String),
}

/// How partitions of a unit stand.
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
        // The newest first.
        for mut run in storage.runs(&RunQuery { tags, ..RunQuery::default() })? {
            let Some((_, unit)) = run.unit().filter(|(_, unit)| units.has(*unit)) else { continue };
            progress.runs.entry(unit).or_default().push(run.id);
            let parts = progress.parts.entry(unit).or_default();
            let mut partitions = units.made_by(unit, &run);
            parts.iter().for_each(|later: &Part| partitions = &partitions - &later.partitions);
            if partitions.is_empty() {
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
            parts.push(Part { unit, partitions, stands, by: By::Run(Box::new(run)) });
        }
        for refused in record.marks.refused.iter().filter(|refused| units.has(refused.unit)) {
            let unit = refused.unit;
            let ended = progress.parts.get(&unit).into_iter().flatten().filter(|part| part.has_ended());
            let left = ended.fold(units.partitions(unit), |left, part| &left - &part.partitions);
            if !left.is_empty() {
                let (stands, by) = (Stands::Failed, By::Refused(refused.why.clone()));
                progress.refused.insert(unit, Part { unit, partitions: left, stands, by });
            }
        }
        let parts = &progress.parts;
        progress.runs.retain(|unit, _| parts[unit].iter().any(|part| part.stands != Stands::Done));
        Ok(progress)
    }

    /// What stands so.
    pub(super) fn standing(&self, stands: Stands) -> impl Iterator<Item = &Part> {
        self.parts.values().flatten().filter(move |part| part.stands == stands)
    }

    /// What of a unit goes on by a run that there is, or from the end of one, but for those that have.
    pub(super) fn goes_on(&self, unit: Unit, begun: &HashSet<RunId>) -> Option<(&Part, &RunRecord)> {
        let mut parts = self.parts.get(&unit).into_iter().flatten();
        parts.find_map(|part| match &part.by {
            By::Run(run) if !part.has_ended() && !begun.contains(&run.id) => Some((part, &**run)),
            _ => None,
        })
    }

    /// What failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = &Part> {
        self.standing(Stands::Failed).chain(self.refused.values())
    }

    /// The runs of a unit that is not done, the newest first.
    pub(super) fn runs_of(&self, unit: Unit) -> &[RunId] {
        self.runs.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// Where the backfill stands by that.
    pub(super) fn schedule<'a>(
        &self,
        storage: &dyn Storage,
        record: &BackfillRecord,
        units: &'a Units,
    ) -> Result<Schedule<'a>, StorageError> {
        let mut outcome = Outcome::none(units);
        for part in self.standing(Stands::Done) {
            outcome.done[part.unit.group] |= &part.partitions;
        }
        for Part { unit, partitions, by, .. } in self.failed() {
            let lost = match by {
                By::Run(_) => lost(storage, (record, units), (*unit, partitions), self.runs_of(*unit))?,
                By::Refused(_) => vec![partitions.clone(); units.assets(unit.group).len()],
            };
            outcome.end(units, unit.group, partitions, &lost);
        }
        Ok(Schedule::new(units, outcome))
    }

    /// Whether of what a unit lacks this partition of an asset has failed itself, or all has, as in a run that could not begin.
    pub(super) fn has_failed(
        &self,
        storage: &dyn Storage,
        part: &Part,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<bool, StorageError> {
        let came_to_steps = part.run().is_some_and(|run| run.first_failed.is_some());
        let Some(first) = self.runs_of(part.unit).iter().min().filter(|_| came_to_steps) else {
            return Ok(true);
        };
        // What failed in another run since then may have hidden it.
        Ok(storage.latest_failure(asset, partition)?.is_some_and(|failed| failed.run >= *first))
    }
}

impl Part {
    /// The latest run that was for it; none if none could begin.
    pub(super) fn run(&self) -> Option<&RunRecord> {
        match &self.by {
            By::Run(run) => Some(run),
            By::Refused(_) => None,
        }
    }

    /// Whether it does not go on by itself.
    fn has_ended(&self) -> bool {
        matches!(self.stands, Stands::Done | Stands::Failed | Stands::Canceled)
    }
}

impl Units {
    /// The partitions of a unit that a run was for; none if it cannot be read which: they are made again.
    fn made_by(&self, unit: Unit, run: &RunRecord) -> PartitionSet {
        let all = self.partitions(unit);
        match run.tags.get(PARTITION_TAG) {
            Some(told) => self.select(unit.group, told).map(|told| &told & &all).unwrap_or_default(),
            None => all,
        }
    }

    /// The units of a backfill that is kept.
    pub(super) fn read(record: &BackfillRecord) -> Result<Self, BackfillError> {
        Self::of(record).map_err(|error| BackfillError::unreadable(record.id, &error))
    }
}
