use std::collections::hash_map::Entry;

use orch_core::asset::{CheckEvaluation, EvaluationQuery};
use orch_core::graph::{AssetDef, AssetGraph};
use orch_core::report::Evaluations;
use orch_core::storage::{Storage, StorageError};

/// What each check of the program found last; of what others make, each that has looked at it.
pub(super) fn read(storage: &dyn Storage, graph: &AssetGraph) -> Result<Evaluations, StorageError> {
    let mut evaluations = Evaluations::new();
    for check in graph.checks() {
        let (asset, name) = (check.asset(), check.name());
        let found = found_last(storage, asset, name)?;
        evaluations.entry(asset.key().clone()).or_default().insert(name.to_owned(), found);
    }
    for asset in graph.assets().iter().filter(|asset| asset.is_external()) {
        let of_asset = evaluations.entry(asset.key().clone()).or_default();
        for name in storage.checks_of(asset.key())? {
            if let Entry::Vacant(vacant) = of_asset.entry(name) {
                let found = found_last(storage, asset, vacant.key())?;
                vacant.insert(found);
            }
        }
    }
    Ok(evaluations)
}

/// What a check found last of an asset, or of each of its partitions.
fn found_last(
    storage: &dyn Storage,
    asset: &AssetDef,
    name: &str,
) -> Result<Vec<CheckEvaluation>, StorageError> {
    let key = asset.key();
    match asset.partitions() {
        Some(_) => storage.latest_evaluations(key, name),
        None => storage.evaluations(&EvaluationQuery::latest(key, name)),
    }
}
