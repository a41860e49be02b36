use std::ops::ControlFlow;

use super::progress::{Part, Progress};
use super::units::Units;
use crate::asset::{AssetKey, EvaluationQuery, Materialization, MaterializationQuery};
use crate::event::EventKind;
use crate::ids::{RunId, StepPath};
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
        let mut there = made(storage, units, (unit.group, key), runs)?;
        there |= &passed_over(storage, (record, units), (unit.group, key), runs)?;
        let all = &part.partitions - &there;
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

/// What is not there of each asset of a group, of partitions at which these runs failed: nobody has made it since the backfill was
/// launched, no run has found that it would come out as it is, or a blocking check has not let it through.
pub(super) fn lost(
    storage: &dyn Storage,
    (record, units): (&BackfillRecord, &Units),
    (unit, partitions): (Unit, &PartitionSet),
    runs: &[RunId],
) -> Result<Vec<PartitionSet>, StorageError> {
    let of_asset = |key: &AssetKey| {
        let (mut lost, mut older) = (PartitionSet::new(), Vec::new());
        for index in partitions.iter() {
            match latest(storage, key, units.key_of(unit.group, index))? {
                // Who mended it by hand has made it too.
                Some(fact) if runs.contains(&fact.run) || fact.time > record.created => {
                    if !is_let_through(storage, record, &fact)? {
                        lost.insert(index);
                    }
                }
                Some(fact) => older.push((index, fact)),
                None => _ = lost.insert(index),
            }
        }
        if !older.is_empty() {
            let there = passed_over(storage, (record, units), (unit.group, key), runs)?;
            for (index, fact) in older {
                if !there.contains(index) || !is_let_through(storage, record, &fact)? {
                    lost.insert(index);
                }
            }
        }
        Ok(lost)
    };
    record.groups[unit.group].assets.iter().map(of_asset).collect()
}

/// What is there of an asset, or of a partition of it.
fn latest(
    storage: &dyn Storage,
    asset: &AssetKey,
    partition: Option<String>,
) -> Result<Option<Materialization>, StorageError> {
    // Of an asset without partitions there may be some from when it had some.
    let limit = partition.is_some().then_some(1);
    let query = MaterializationQuery {
        partition: partition.clone(),
        observed: Some(false),
        limit,
        ..MaterializationQuery::latest(asset)
    };
    Ok(storage.materializations(&query)?.into_iter().find(|fact| fact.partition == partition))
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

/// The partitions of an asset that runs have made.
fn made(
    storage: &dyn Storage,
    units: &Units,
    (group, asset): (usize, &AssetKey),
    runs: &[RunId],
) -> Result<PartitionSet, StorageError> {
    let mut made = PartitionSet::new();
    for &run in runs {
        let (asset, run) = (Some(asset.clone()), Some(run));
        let facts = storage.materializations(&MaterializationQuery { asset, run, ..Default::default() })?;
        let found = facts.iter().filter_map(|fact| units.index_of(group, fact.partition.as_deref()));
        made |= &found.collect();
    }
    Ok(made)
}

/// The partitions of an asset that runs have passed over, since they would have come out as they are.
fn passed_over(
    storage: &dyn Storage,
    (record, units): (&BackfillRecord, &Units),
    (group, asset): (usize, &AssetKey),
    runs: &[RunId],
) -> Result<PartitionSet, StorageError> {
    let mut there = PartitionSet::new();
    if !record.pinned.memoizes {
        return Ok(there);
    }
    let makes = |step: &StepPath| {
        let mut steps = record.pinned.plan.steps.iter().filter(|of| *of.name == *step.name());
        steps.any(|of| of.assets.iter().any(|made| made.key == *asset))
    };
    for &run in runs {
        storage.events(run)?.events(0, false, &mut |logged| {
            let step =
                logged.event.step.filter(|_| matches!(logged.event.kind, EventKind::StepMemoized { .. }));
            if let Some(step) = step.filter(makes) {
                let key = step.branch().and_then(|branch| branch.keys().first().map(ToString::to_string));
                units.index_of(group, key.as_deref()).into_iter().for_each(|index| _ = there.insert(index));
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(there)
}
