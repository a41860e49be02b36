use std::collections::hash_map::Entry;

use orch_core::graph::AssetGraph;
use orch_core::report::Evaluations;
use orch_core::storage::{Storage, StorageError};

/// What each check of the program found last; of what others make, each that has looked at it.
pub(super) fn read(storage: &dyn Storage, graph: &AssetGraph) -> Result<Evaluations, StorageError> {
    let mut evaluations = Evaluations::new();
    for check in graph.checks() {
        let (asset, name) = (check.asset(), check.name());
        let found = storage.found_last(asset.key(), name, asset.partitions().is_some())?;
        evaluations.entry(asset.key().clone()).or_default().insert(name.to_owned(), found);
    }
    for asset in graph.assets().iter().filter(|asset| asset.is_external()) {
        let of_asset = evaluations.entry(asset.key().clone()).or_default();
        for name in storage.checks_of(asset.key())? {
            if let Entry::Vacant(vacant) = of_asset.entry(name) {
                let found = storage.found_last(asset.key(), vacant.key(), asset.partitions().is_some())?;
                vacant.insert(found);
            }
        }
    }
    Ok(evaluations)
}
