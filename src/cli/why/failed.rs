//! What has failed of assets, with the errors.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use orch_core::asset::FailedMaterialization;
use orch_core::event::{EventKind, SkipCause};
use orch_core::failure::ErrorInfo;
use orch_core::ids::{RunId, StepPath};
use orch_core::report::FailedAttempt;
use orch_core::storage::{Storage, StorageError};

/// Why attempts failed, by the numbers of the events that tell that they did.
type Errors = HashMap<u64, Arc<ErrorInfo>>;

/// These attempts, with the errors of those whose logs are there. The log of a run is read once, however many of them it tells.
pub(in crate::cli) fn attempts(
    storage: &dyn Storage,
    facts: Vec<FailedMaterialization>,
) -> Vec<FailedAttempt> {
    let mut told: HashMap<RunId, HashSet<u64>> = HashMap::new();
    for fact in &facts {
        told.entry(fact.run).or_default().insert(fact.event);
    }
    // Of a run that cannot be read `check` tells; what is known of the asset is told all the same.
    let errors =
        told.into_iter().map(|(run, events)| (run, errors(storage, run, events).unwrap_or_default()));
    let errors: HashMap<RunId, Errors> = errors.collect();
    let attempt = |fact: FailedMaterialization| {
        let error = errors.get(&fact.run).and_then(|errors| errors.get(&fact.event)).cloned();
        FailedAttempt { fact, error }
    };
    facts.into_iter().map(attempt).collect()
}

/// The errors of the steps of which these events tell that what they were to make is not made: their own, or that of the step for
/// which they were skipped, as within an asset that a graph makes.
fn errors(storage: &dyn Storage, run: RunId, mut events: HashSet<u64>) -> Result<Errors, StorageError> {
    let mut errors = Errors::new();
    let mut failed: HashMap<StepPath, Arc<ErrorInfo>> = HashMap::new();
    // A step that makes several assets tells of each before it ends.
    let mut waiting: HashMap<StepPath, Vec<u64>> = HashMap::new();
    storage.events(run)?.events(0, false, &mut |logged| {
        let Some(path) = logged.event.step else { return ControlFlow::Continue(()) };
        if events.remove(&logged.number) {
            waiting.entry(path.clone()).or_default().push(logged.number);
        }
        let error = match logged.event.kind {
            EventKind::StepFailure { error, .. } => {
                failed.insert(path.clone(), Arc::clone(&error));
                Some(error)
            }
            EventKind::StepSkipped { cause: SkipCause::Failed(before), .. } => failed.get(&before).cloned(),
            _ => None,
        };
        if let Some(error) = error {
            let told = waiting.remove(&path).into_iter().flatten();
            errors.extend(told.map(|event| (event, Arc::clone(&error))));
        }
        match events.is_empty() && waiting.is_empty() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok(errors)
}
