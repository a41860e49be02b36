use std::collections::BTreeMap;

use super::ForPartitions;
use crate::asset::AssetKey;
use crate::partition::KeySets;
use crate::plan::Plan;
use crate::storage::{Storage, StorageError};

impl ForPartitions {
    /// Has the status found out of the partitions of assets that a plan makes, at the end of its run, where much has become known of
    /// them: what it costs to be told of millions is then what the last runs have made, whoever asks first.
    pub(in crate::run) fn prepare_status(
        &self,
        plan: &Plan,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        let assets = plan.steps.iter().flat_map(|step| &step.assets);
        let made = assets.filter_map(|asset| Some((&asset.key, asset.partitions?)));
        let made: BTreeMap<&AssetKey, usize> = made.collect();
        if made.is_empty() {
            return Ok(());
        }
        let assets: Vec<&AssetKey> = made.keys().copied().collect();
        for asset in storage.status_behind(&assets)? {
            let Some(of) = made.get(asset).and_then(|&number| self.of.get(number)) else { continue };
            let definition = of.keyspace.definition();
            // What was made of keys that steps have added meanwhile is to count.
            let mut keys = KeySets::new();
            for set in definition.key_sets() {
                keys = keys.with(set, storage.key_set(set)?);
            }
            let now = if keys.is_empty() { Ok(of.keyspace.clone()) } else { definition.resolve(&keys) };
            if let Ok(keyspace) = now {
                storage.partition_status(asset, &keyspace)?;
            }
        }
        Ok(())
    }
}
