use std::sync::Arc;

use crate::asset::{AssetHistory, CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery};
use crate::failure::Failure;
use crate::partition::{ChangedKeys, HoldsKeys, KeySet, KeySets, KeysInMemory};
use crate::storage::{Storage, StorageError};

/// What the code of steps may ask this storage.
pub(super) fn of(storage: &Arc<dyn Storage>) -> Arc<dyn AssetHistory> {
    Arc::new(Recorded(Arc::clone(storage)))
}

/// The sets of keys in this storage, for code.
pub(super) fn keys_of(storage: &Arc<dyn Storage>) -> Arc<dyn HoldsKeys> {
    Arc::new(Recorded(Arc::clone(storage)))
}

/// The same for the code of a run: without an instance those that it was given, if it was.
pub(super) fn keys_for(storage: Option<&Arc<dyn Storage>>, given: Option<&KeySets>) -> Arc<dyn HoldsKeys> {
    match (storage, given) {
        (Some(storage), _) => keys_of(storage),
        (None, Some(given)) => Arc::new(KeysInMemory::new(given.clone())),
        (None, None) => Arc::new(Nowhere),
    }
}

/// The instance in which the run is recorded.
#[derive(Debug)]
struct Recorded(Arc<dyn Storage>);

impl AssetHistory for Recorded {
    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
        self.0.materializations(query).map_err(StorageError::into_failure)
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
        self.0.evaluations(query).map_err(StorageError::into_failure)
    }
}

impl HoldsKeys for Recorded {
    fn key_set(&self, set: &str) -> Result<Arc<KeySet>, Failure> {
        self.0.key_set(set).map(Arc::new).map_err(StorageError::into_failure)
    }

    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        self.0.add_keys(set, keys).map_err(StorageError::into_failure)
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        self.0.remove_keys(set, keys).map_err(StorageError::into_failure)
    }
}

/// A run that knows of no instance.
#[derive(Debug)]
struct Nowhere;

impl Nowhere {
    fn refusal(set: &str) -> Failure {
        let message =
            format!("the set of partitions `{set}` lives in an instance, and the run knows of none");
        Failure::new(message)
            .hint("record the run, `.record(&storage)`, or give it the keys, `.key_sets(..)`; on the command line leave out `--no-record`")
    }
}

impl HoldsKeys for Nowhere {
    fn key_set(&self, set: &str) -> Result<Arc<KeySet>, Failure> {
        Err(Self::refusal(set))
    }

    fn add_keys(&self, set: &str, _: &[&str]) -> Result<ChangedKeys, Failure> {
        Err(Self::refusal(set))
    }

    fn remove_keys(&self, set: &str, _: &[&str]) -> Result<ChangedKeys, Failure> {
        Err(Self::refusal(set))
    }
}
