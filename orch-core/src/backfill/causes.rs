use std::ops::ControlFlow;

use super::status::BackfillStatus;
use crate::event::EventKind;
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::RunId;
use crate::storage::{Storage, StorageError};

/// So many logs are read at most: a backfill of thousands of units may have failed for one cause.
const READ: usize = 100;

impl BackfillStatus {
    /// The same, with the error of the first step that failed, of the first hundred units: a log is read for each. Of a run whose log
    /// cannot be read it says no more than before.
    #[must_use]
    pub fn with_causes(mut self, storage: &dyn Storage) -> Self {
        for failed in self.failed.iter_mut().take(READ) {
            let told = failed.run.and_then(|run| why(storage, run).ok().flatten());
            failed.why = told.unwrap_or_else(|| std::mem::take(&mut failed.why));
        }
        self
    }
}

/// What failed first in a run, in a line; nothing if nothing has.
fn why(storage: &dyn Storage, run: RunId) -> Result<Option<String>, StorageError> {
    let mut why = None;
    storage.events(run)?.events(0, false, &mut |logged| {
        let told = match (&logged.event.kind, &logged.event.step) {
            (EventKind::StepFailure { error }, Some(step)) if error.kind != ErrorKind::Canceled => {
                format!("`{step}` failed: {}", first_line(error))
            }
            (EventKind::ResourceInitFailure { resource, error }, _) if error.kind != ErrorKind::Canceled => {
                format!("the resource `{resource}` could not be opened: {}", first_line(error))
            }
            _ => return ControlFlow::Continue(()),
        };
        why = Some(told);
        ControlFlow::Break(())
    })?;
    Ok(why)
}

fn first_line(error: &ErrorInfo) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
