use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::status::BackfillStatus;
use crate::asset::AssetKey;
use crate::event::EventKind;
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::{RunId, StepPath};
use crate::storage::{Storage, StorageError};

/// So many logs are read at most: a backfill of thousands of units may have failed for one cause.
const READ: usize = 100;

impl BackfillStatus {
    /// The same, with the error for which the first of its assets failed, or else of the first step that did, of the first hundred
    /// units: a log is read for each. Of a run whose log cannot be read it says no more than before.
    #[must_use]
    pub fn with_causes(mut self, storage: &dyn Storage) -> Self {
        for failed in self.failed.iter_mut().take(READ) {
            let told = failed.run.and_then(|run| why(storage, run, &failed.assets).ok().flatten());
            failed.why = told.unwrap_or_else(|| std::mem::take(&mut failed.why));
        }
        self
    }
}

/// For what one of these assets has failed first in a run, or else what failed there first, in a line; nothing if nothing has. A run
/// may make many partitions at once, of which others have failed for something else.
fn why(storage: &dyn Storage, run: RunId, assets: &[AssetKey]) -> Result<Option<String>, StorageError> {
    let (mut first, mut of_asset) = (None, None);
    let (mut told, mut unmade): (HashMap<StepPath, String>, HashSet<StepPath>) = Default::default();
    storage.events(run)?.events(0, false, &mut |logged| {
        match (logged.event.kind, logged.event.step) {
            (EventKind::StepFailure { error }, Some(step)) if error.kind != ErrorKind::Canceled => {
                let failed = format!("`{step}` failed: {}", first_line(&error));
                first.get_or_insert_with(|| failed.clone());
                if unmade.contains(&step) {
                    of_asset = Some(failed);
                } else {
                    told.insert(step, failed);
                }
            }
            (EventKind::AssetFailedToMaterialize { asset, observed: false, .. }, Some(step))
                if assets.contains(&asset) =>
            {
                match told.remove(&step) {
                    Some(failed) => of_asset = Some(failed),
                    None => _ = unmade.insert(step),
                }
            }
            (EventKind::ResourceInitFailure { resource, error }, _) if error.kind != ErrorKind::Canceled => {
                let failed = format!("the resource `{resource}` could not be opened: {}", first_line(&error));
                first.get_or_insert(failed);
            }
            _ => {}
        }
        if of_asset.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(of_asset.or(first))
}

fn first_line(error: &ErrorInfo) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
