use super::progress::Progress;
use super::units::Units;
use crate::asset::AssetKey;
use crate::partition::PartitionSet;
use crate::storage::{BackfillRecord, Storage, StorageError, Unit};

/// What lacks of an asset of a unit: partitions, or 0 of an asset without.
pub(super) struct Lacks {
    pub(super) asset: AssetKey,
    pub(super) all: PartitionSet,
    /// Of these those that failed themselves. To the others the run has not come, since something before them failed.
    pub(super) failed: PartitionSet,
}

/// What lacks of each asset by units of a group that failed, or were canceled: their runs may have made some of it.
pub(super) fn lacking(
    storage: &dyn Storage,
    (record, units, progress): (&BackfillRecord, &Units, &Progress),
    group: usize,
    chunks: &PartitionSet,
) -> Result<Vec<(Unit, Vec<Lacks>)>, StorageError> {
    let mut lacking = Vec::new();
    for chunk in chunks.iter() {
        let unit = Unit { group, chunk };
        let mut of = Vec::new();
        for key in &record.groups[group].assets {
            let made = progress.made_of_failed(storage, unit, key)?;
            let keys: Vec<&str> = made.iter().flatten().map(String::as_str).collect();
            let is_made = record.groups[group].definition.is_none() && !made.is_empty();
            let all = units.without(unit, &keys);
            if all.is_empty() || is_made {
                continue;
            }
            let mut failed = PartitionSet::new();
            for index in all.iter() {
                let partition = units.key_of(group, index);
                if progress.has_failed(storage, unit, key, partition.as_deref())? {
                    failed.insert(index);
                }
            }
            of.push(Lacks { asset: key.clone(), all, failed });
        }
        lacking.push((unit, of));
    }
    Ok(lacking)
}

/// How many partitions of an asset lack, and how many of these failed themselves.
pub(super) fn lacks_of(key: &AssetKey, lacking: &[(Unit, Vec<Lacks>)]) -> (u64, u64) {
    let of_key = lacking.iter().flat_map(|(_, of)| of).filter(|lacks| lacks.asset == *key);
    of_key.fold((0, 0), |(all, failed), lacks| (all + lacks.all.len(), failed + lacks.failed.len()))
}
