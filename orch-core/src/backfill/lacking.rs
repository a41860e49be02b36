use std::ops::ControlFlow;

use super::progress::{Part, Progress};
use super::units::Units;
use crate::asset::{AssetKey, EvaluationQuery, MaterializationQuery};
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

/// What is not there of each asset of a group, of partitions at which these runs failed, the newest first: they have not made it, or a
/// blocking check has not let it through.
pub(super) fn lost(
    storage: &dyn Storage,
    (record, units): (&BackfillRecord, &Units),
    (unit, partitions): (Unit, &PartitionSet),
    runs: &[RunId],
) -> Result<Vec<PartitionSet>, StorageError> {
    let of_asset = |key: &AssetKey| {
        let mut there = made(storage, units, (unit.group, key), runs)?;
        let passed_over = passed_over(storage, (record, units), (unit.group, key), runs)?;
        there |= &passed_over;
        let checks = record.pinned.plan.steps.iter().filter_map(|step| step.check.as_ref());
        for check in checks.filter(|check| check.blocking && check.asset == *key) {
            let (passed, looked) = looked(storage, units, (unit.group, key, &check.name), runs)?;
            // What was passed over need not be looked at again.
            there = &there & &(&passed | &(&passed_over - &looked));
        }
        Ok(partitions - &there)
    };
    record.groups[unit.group].assets.iter().map(of_asset).collect()
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

/// The partitions of an asset that a check let through when it looked last, and those that it has looked at.
fn looked(
    storage: &dyn Storage,
    units: &Units,
    (group, asset, check): (usize, &AssetKey, &str),
    runs: &[RunId],
) -> Result<(PartitionSet, PartitionSet), StorageError> {
    let (mut passed, mut looked) = (PartitionSet::new(), PartitionSet::new());
    for &run in runs {
        let query = EvaluationQuery { run: Some(run), ..EvaluationQuery::of(asset, check) };
        for found in storage.evaluations(&query)? {
            let index = units.index_of(group, found.partition.as_deref());
            if let Some(index) = index.filter(|index| looked.insert(*index) && !found.result.is_error()) {
                passed.insert(index);
            }
        }
    }
    Ok((passed, looked))
}
