use serde::{Deserialize, Serialize};

use super::{ReadRuns, RunRecord, StorageError};
use crate::event::RunStatus;

/// Where a run stands for whoever looks at it from outside: its status, and whether anybody is there to go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// It is under way.
    Running,
    /// Cancellation was asked for; nothing starts any more.
    Canceling,
    /// It is not over, and nobody runs it: its process is gone.
    Interrupted,
    /// It ended without a failed step.
    Success,
    /// It ended with a failed step, or without a resource that it needs.
    Failure,
    /// It ended because it was canceled.
    Canceled,
}

impl RunState {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Canceling, Self::Interrupted, Self::Success, Self::Failure, Self::Canceled];

    /// The state of a run by its status, and by whether anybody runs it.
    #[must_use]
    pub const fn of(status: RunStatus, held: bool) -> Self {
        match status {
            RunStatus::Success => Self::Success,
            RunStatus::Failure => Self::Failure,
            RunStatus::Canceled => Self::Canceled,
            RunStatus::Running | RunStatus::Canceling if !held => Self::Interrupted,
            RunStatus::Running => Self::Running,
            RunStatus::Canceling => Self::Canceling,
        }
    }

    /// The state of a run that was found in `runs`. Only of one that is not over it is asked who holds it; if nobody does,
    /// the record is read anew, since the run may have ended in between.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn look(runs: &(impl ReadRuns + ?Sized), record: &mut RunRecord) -> Result<Self, StorageError> {
        let held = !record.status.is_terminal() && runs.holder(record.id)?.is_some();
        if !held && !record.status.is_terminal() {
            *record = runs.run(record.id)?;
        }
        Ok(Self::of(record.status, held))
    }

    /// Whether the run is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Failure | Self::Canceled)
    }

    /// The state as one word: `interrupted`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Canceling => "canceling",
            Self::Interrupted => "interrupted",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Canceled => "canceled",
        }
    }
}
