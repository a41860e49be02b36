use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::BackfillError;
use super::lacking::{Lacks, lacking, lacks_of, lost};
use super::progress::{By, Part, Progress, Stands};
use super::units::{Units, pinned_keys};
use crate::asset::AssetKey;
use crate::ids::{BackfillId, RunId};
use crate::partition::PartitionSet;
use crate::storage::{BackfillRecord, RunState, Storage, StorageError};

/// Where a backfill stands: what its runs tell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BackfillStatus {
    /// The backfill.
    pub backfill: BackfillId,
    /// When it was launched, in UTC.
    pub created: Timestamp,
    /// Where it stands as a whole. It is interrupted if something is left to be done and nobody drives it.
    pub state: RunState,
    /// The partitions that were asked for, as selections are written; none of assets without.
    pub partitions: Option<String>,
    /// How many units it has: runs, if each is made at once.
    pub units: u64,
    /// Its assets, each after all that it is made of.
    pub assets: Vec<AssetProgress>,
    /// What failed.
    pub failed: Vec<FailedUnit>,
    /// The runs that are under way.
    pub under_way: Vec<RunId>,
    /// Keys of dynamic partitions that were removed since it was launched, by the names of their sets: it makes them all the same.
    pub removed: BTreeMap<String, Vec<String>>,
}

/// How far an asset of a backfill has come: numbers of partitions, 1 of an asset without.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssetProgress {
    /// Its key.
    pub asset: AssetKey,
    /// How many are to be made.
    pub asked: u64,
    /// How many are made.
    pub done: u64,
    /// How many are of runs under way, or of runs that were interrupted and are to go on.
    pub under_way: u64,
    /// How many failed themselves, or with a run that came to none of its steps.
    pub failed: u64,
    /// How many are not made since what they are made of failed, be it in the same run.
    pub excluded: u64,
    /// How many are still to be begun.
    pub left: u64,
    /// How many are not made since the backfill was canceled: they were never begun, or their run was canceled with it.
    pub canceled: u64,
}

/// What one run, or one that could not begin, has not made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedUnit {
    /// The assets that failed; if all that failed is something else, such as a check, those that were not made for it.
    pub assets: Vec<AssetKey>,
    /// The partitions of which that is so, as selections are written; none of an asset without.
    pub partitions: Option<String>,
    /// The run; none if none could begin.
    pub run: Option<RunId>,
    /// What became of it.
    pub why: String,
}

impl BackfillStatus {
    /// Where a backfill stands at present.
    ///
    /// # Errors
    /// If there is no such backfill, or it cannot be read.
    pub fn read(storage: &dyn Storage, backfill: BackfillId) -> Result<Self, BackfillError> {
        Self::of(storage, &storage.backfill(backfill)?)
    }

    /// Where this one stands.
    ///
    /// # Errors
    /// If its runs cannot be read.
    pub fn of(storage: &dyn Storage, record: &BackfillRecord) -> Result<Self, BackfillError> {
        let units = Units::read(record)?;
        let held = storage.backfill_holder(record.id)?.is_some();
        let progress = Progress::read(storage, record, &units)?;
        let schedule = progress.schedule(storage, record, &units)?;
        let by_group = |these: &[Stands]| {
            let mut sets = units.none();
            for part in these.iter().flat_map(|stands| progress.standing(*stands)) {
                sets[part.unit.group] |= &part.partitions;
            }
            sets
        };
        let (done, under_way) =
            (by_group(&[Stands::Done]), by_group(&[Stands::UnderWay, Stands::Interrupted]));
        let canceled = by_group(&[Stands::Canceled]);
        let (mut assets, mut failed) = (Vec::new(), Vec::new());
        for (number, group) in record.groups.iter().enumerate() {
            let lacking_of = |part| Ok((part, lacking(storage, (record, &units, &progress), part)?));
            let is_of_group = |part: &&Part| part.unit.group == number;
            let lacking: Vec<_> =
                progress.failed().filter(is_of_group).map(lacking_of).collect::<Result<_, StorageError>>()?;
            let cut_off = progress.standing(Stands::Canceled).filter(is_of_group).map(lacking_of);
            let cut_off: Vec<_> = cut_off.collect::<Result<_, StorageError>>()?;
            for key in &group.assets {
                let lacks = |of: &[(&Part, Vec<Lacks>)]| {
                    let asked: u64 = of.iter().map(|(part, _)| part.partitions.len()).sum();
                    let (all, failed) = lacks_of(key, of.iter().map(|(_, lacking)| lacking.as_slice()));
                    (asked - all, all, failed)
                };
                let (made, lacks_all, lacks_failed) = lacks(&lacking);
                let (made_before, cut_off, _) = lacks(&cut_off);
                let left = &(&schedule.left(number) - &under_way[number]) - &canceled[number];
                let (left, never) = match record.marks.canceled {
                    None => (left.len(), 0),
                    Some(_) => (0, left.len()),
                };
                assets.push(AssetProgress {
                    asset: key.clone(),
                    asked: units.all(number).len(),
                    done: done[number].len() + made + made_before,
                    under_way: under_way[number].len(),
                    failed: lacks_failed,
                    excluded: schedule.excluded(number).len() + (lacks_all - lacks_failed),
                    left,
                    canceled: never + cut_off,
                });
            }
            for (part, of) in &lacking {
                failed.push(match of.as_slice() {
                    [] => told(record, &units, part, &refused(storage, (record, &units, &progress), part)?),
                    of => told(record, &units, part, of),
                });
            }
        }
        let open = assets.iter().any(|asset| asset.under_way + asset.left > 0);
        let state = match (record.marks.canceled, open) {
            (Some(_), true) if held => RunState::Canceling,
            (Some(_), _) => RunState::Canceled,
            (None, false) if failed.is_empty() => RunState::Success,
            (None, false) => RunState::Failure,
            (None, true) if held => RunState::Running,
            (None, true) => RunState::Interrupted,
        };
        Ok(Self {
            backfill: record.id,
            created: record.created,
            state,
            partitions: record.pinned.partitions.as_ref().and_then(|partitions| partitions.selection.clone()),
            units: units.len(),
            assets,
            failed,
            under_way: progress.standing(Stands::UnderWay).filter_map(Part::run).map(|run| run.id).collect(),
            removed: removed(storage, record, &units)?,
        })
    }

    /// Whether all is made.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.state == RunState::Success
    }
}

/// The keys of what a backfill makes that are not in their sets any more.
fn removed(
    storage: &dyn Storage,
    record: &BackfillRecord,
    units: &Units,
) -> Result<BTreeMap<String, Vec<String>>, StorageError> {
    let mut removed = BTreeMap::new();
    for (set, numbers) in units.numbers_in_sets() {
        let (launched, now) = (pinned_keys(record).named(&set), storage.key_set(&set)?);
        let gone = launched.iter().filter(|(number, key)| numbers.contains(*number) && !now.contains(key));
        let gone: Vec<_> = gone.map(|(_, key)| key.to_owned()).collect();
        if !gone.is_empty() {
            removed.insert(set, gone);
        }
    }
    Ok(removed)
}

/// What is there of partitions that failed, and was not let through.
fn refused(
    storage: &dyn Storage,
    (record, units, progress): (&BackfillRecord, &Units, &Progress),
    part: &Part,
) -> Result<Vec<Lacks>, StorageError> {
    let lost = lost(storage, (record, units), (part.unit, &part.partitions), progress.runs_of(part.unit))?;
    let assets = record.groups[part.unit.group].assets.iter().zip(lost).filter(|(_, lost)| !lost.is_empty());
    Ok(assets.map(|(key, all)| Lacks { asset: key.clone(), all, failed: PartitionSet::new() }).collect())
}

fn told(record: &BackfillRecord, units: &Units, part: &Part, lacking: &[Lacks]) -> FailedUnit {
    // What was not come to is excluded; where nothing else lacks, it is what the failure has left.
    let failed: Vec<&Lacks> = lacking.iter().filter(|lacks| !lacks.failed.is_empty()).collect();
    let (assets, set): (Vec<_>, _) = match failed.as_slice() {
        [] => (
            lacking.iter().map(|lacks| lacks.asset.clone()).collect(),
            most(lacking.iter().map(|lacks| &lacks.all)),
        ),
        _ => (
            failed.iter().map(|lacks| lacks.asset.clone()).collect(),
            most(failed.iter().map(|lacks| &lacks.failed)),
        ),
    };
    // All may be made, and what came after it has failed, such as a check.
    let group = part.unit.group;
    let assets = if assets.is_empty() { record.groups[group].assets.clone() } else { assets };
    let partitions = units.show(group, set.unwrap_or(&part.partitions));
    let (run, why) = match &part.by {
        By::Refused(why) => (None, why.clone()),
        By::Run(run) => {
            let why = match &run.first_failed {
                Some(step) => format!("`{step}` failed"),
                None => run.status.name().to_owned(),
            };
            (Some(run.id), why)
        }
    };
    FailedUnit { assets, partitions, run, why }
}

fn most<'a>(sets: impl Iterator<Item = &'a PartitionSet>) -> Option<&'a PartitionSet> {
    sets.max_by_key(|set| set.len())
}

impl Units {
    /// The numbers that keys of dynamic sets have in all partitions that are made, by the names of the sets.
    fn numbers_in_sets(&self) -> BTreeMap<String, PartitionSet> {
        let mut numbers: BTreeMap<String, PartitionSet> = BTreeMap::new();
        for (space, set) in self.spaces() {
            for (name, of) in space.numbers_in_sets(set) {
                *numbers.entry(name.to_owned()).or_default() |= &of;
            }
        }
        numbers
    }
}
