use super::progress::{Part, Progress};
use super::units::Units;
use crate::asset::{AssetKey, EvaluationQuery, Materialization};
use crate::ids::RunId;
use crate::partition::PartitionSet;
use crate::storage::{BackfillRecord, Storage, StorageError, Unit};

/// What lacks of an asset of a unit: partitions, or 0 of an asset without.
pub(super) struct Lacks {
    pub(super) asset: AssetKey,
    pub(super) all: PartitionSet,
    /// Of these those that failed themselves. To the others the run has not come, since something before them failed.
    pub(super) failed: PartitionSet,
}

/// What lacks of each asset by a unit of which these partitions failed, or were canceled: its runs may have made some of it.
pub(super) fn lacking(
    storage: &dyn Storage,
    (record, units, progress): (&BackfillRecord, &Units, &Progress),
    part: &Part,
) -> Result<Vec<Lacks>, StorageError> {
    let mut lacking = Vec::new();
    let (unit, runs) = (part.unit, progress.runs_of(part.unit));
    for key in &record.groups[unit.group].assets {
        let there = there(storage, (record, units), (unit, key), &part.partitions, runs)?;
        let all = &part.partitions - &there.iter().map(|(index, _)| *index).collect();
        if all.is_empty() {
            continue;
        }
        let mut failed = PartitionSet::new();
        for index in all.iter() {
            let partition = units.key_of(unit.group, index);
            if progress.has_failed(storage, part, key, partition.as_deref())? {
                failed.insert(index);
            }
        }
        lacking.push(Lacks { asset: key.clone(), all, failed });
    }
    Ok(lacking)
}

/// How many partitions of an asset lack, and how many of these failed themselves.
pub(super) fn lacks_of<'a>(key: &AssetKey, lacking: impl Iterator<Item = &'a [Lacks]>) -> (u64, u64) {
    let of_key = lacking.flatten().filter(|lacks| lacks.asset == *key);
    of_key.fold((0, 0), |(all, failed), lacks| (all + lacks.all.len(), failed + lacks.failed.len()))
}

/// What is not there of each asset of a group, of partitions at which these runs failed, or was not let through by a blocking check.
pub(super) fn lost(
    storage: &dyn Storage,
    (record, units): (&BackfillRecord, &Units),
    (unit, partitions): (Unit, &PartitionSet),
    runs: &[RunId],
) -> Result<Vec<PartitionSet>, StorageError> {
    // Of the assets before each, which it may be made of.
    let mut before = PartitionSet::new();
    let of_asset = |key: &AssetKey| {
        let mut good = PartitionSet::new();
        for (index, fact) in there(storage, (record, units), (unit, key), partitions, runs)? {
            // What is as old as what was refused now was made of that.
            let is_of_lost = before.contains(index) && !is_new(record, runs, &fact);
            if !is_of_lost && is_let_through(storage, record, &fact)? {
                good.insert(index);
            }
        }
        let lost = partitions - &good;
        before |= &lost;
        Ok(lost)
    };
    record.groups[unit.group].assets.iter().map(of_asset).collect()
}

/// What is there of these partitions of an asset: what was made since the backfill was launched, be it by hand, what these runs have
/// found to come out as it is, unless it failed since, and all there is where only what is missing is made.
fn there(
    storage: &dyn Storage,
    (record, units): (&BackfillRecord, &Units),
    (unit, asset): (Unit, &AssetKey),
    partitions: &PartitionSet,
    runs: &[RunId],
) -> Result<Vec<(u64, Materialization)>, StorageError> {
    let mut there = Vec::new();
    for index in partitions.iter() {
        let partition = units.key_of(unit.group, index);
        let Some(fact) = storage.latest_made(asset, partition.as_deref())? else { continue };
        let is_passed_over = || -> Result<bool, StorageError> {
            // What others have found is so by their code, and of what there was when they looked.
            let passed = storage.latest_passed_over(asset, partition.as_deref())?;
            Ok(passed.is_some_and(|passed| runs.contains(&passed.run))
                && storage.failed_last(asset, partition.as_deref())?.is_none())
        };
        let is_there = is_new(record, runs, &fact) || record.pinned.only_missing;
        if is_there || record.pinned.memoizes && is_passed_over()? {
            there.push((index, fact));
        }
    }
    Ok(there)
}

/// Whether this was made since the backfill was launched.
fn is_new(record: &BackfillRecord, runs: &[RunId], fact: &Materialization) -> bool {
    runs.contains(&fact.run) || fact.time > record.created
}

/// Whether each blocking check of the backfill has looked at this, and not refused it.
fn is_let_through(
    storage: &dyn Storage,
    record: &BackfillRecord,
    fact: &Materialization,
) -> Result<bool, StorageError> {
    let checks = record.pinned.plan.steps.iter().filter_map(|step| step.check.as_ref());
    for check in checks.filter(|check| check.blocking && check.asset == fact.asset) {
        let limit = fact.partition.is_some().then_some(1);
        let latest = EvaluationQuery::latest(&fact.asset, &check.name);
        let query = EvaluationQuery { partition: fact.partition.clone(), limit, ..latest };
        let found = storage.evaluations(&query)?.into_iter().find(|found| found.partition == fact.partition);
        if !found.is_some_and(|found| found.has_passed(fact)) {
            return Ok(false);
        }
    }
    Ok(true)
}
