use super::Memory;
use crate::partition::{ChangedKeys, KeySet, KeySets};
use crate::storage::{ReadKeySets, StorageError, WriteKeySets};

impl ReadKeySets for Memory {
    fn key_sets(&self) -> Result<KeySets, StorageError> {
        Ok(self.keys.sets())
    }

    fn key_set(&self, set: &str) -> Result<KeySet, StorageError> {
        Ok(KeySet::clone(&self.keys.sets().named(set)))
    }
}

impl WriteKeySets for Memory {
    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.keys.add(set, keys).map_err(|error| StorageError::invalid_keys(&error))
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.keys.remove(set, keys).map_err(|error| StorageError::invalid_keys(&error))
    }
}
