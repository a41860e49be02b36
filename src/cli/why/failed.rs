//! What has failed of assets, with the errors.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use orch_core::asset::FailedMaterialization;
use orch_core::event::{EventKind, SkipCause};
use orch_core::failure::ErrorInfo;
use orch_core::ids::StepPath;
use orch_core::report::FailedAttempt;
use orch_core::storage::{Storage, StorageError};

/// An attempt that failed, with the error if the log of its run is there.
pub(super) fn attempt(storage: &dyn Storage, fact: FailedMaterialization) -> FailedAttempt {
    // Of a run that cannot be read `check` tells; what is known of the asset is told all the same.
    let error = error(storage, &fact).ok().flatten();
    FailedAttempt { fact, error }
}

/// The error of the step that failed: the one that tells of the asset, or of an asset that a graph makes one before it.
fn error(
    storage: &dyn Storage,
    fact: &FailedMaterialization,
) -> Result<Option<Arc<ErrorInfo>>, StorageError> {
    let (mut step, mut found) = (None, None);
    let mut errors: HashMap<StepPath, Arc<ErrorInfo>> = HashMap::new();
    storage.events(fact.run)?.events(0, false, &mut |logged| {
        let event = logged.event;
        if logged.number == fact.event {
            step = event.step.clone();
        }
        let is_told = step.is_some() && event.step == step;
        match (event.kind, event.step) {
            (EventKind::StepFailure { error, .. }, Some(_)) if is_told => found = Some(error),
            (EventKind::StepSkipped { cause: SkipCause::Failed(before), .. }, _) if is_told => {
                found = errors.remove(&before);
            }
            (EventKind::StepFailure { error, .. }, Some(path)) => _ = errors.insert(path, error),
            _ => {}
        }
        // Of a step that makes several assets each is told before it is.
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}
