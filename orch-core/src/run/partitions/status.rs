use super::{ForPartitions, key_sets};
use crate::asset::AssetKey;
use crate::partition::{KeySets, Keyspace};
use crate::plan::Plan;
use crate::storage::{Storage, StorageError};

impl ForPartitions {
    /// Has the status ready of the partitions of all assets that a plan makes, at the end of its run: what it costs to be told of
    /// millions is then what the last runs have made, whenever someone asks first.
    pub(in crate::run) fn prepare_status(
        &self,
        plan: &Plan,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        let mut keys = KeySets::new();
        for set in key_sets(plan) {
            keys = keys.with(set, storage.key_set(set)?);
        }
        // Of what steps have added keys to meanwhile, it is to count what was made of these.
        let space = |number: usize| {
            let keyspace = &self.of.get(number)?.keyspace;
            match keyspace.definition().key_sets().is_empty() {
                true => Some(keyspace.clone()),
                false => keyspace.definition().resolve(&keys).ok(),
            }
        };
        let spaces: Vec<Option<Keyspace>> = (0..plan.partitions.len()).map(space).collect();
        let assets = plan.steps.iter().flat_map(|step| &step.assets);
        let made = assets.filter_map(|asset| Some((asset.key.clone(), spaces[asset.partitions?].clone()?)));
        let made: Vec<(AssetKey, Keyspace)> = made.collect();
        if made.is_empty() {
            return Ok(());
        }
        storage.prepare_status(&made)
    }
}
