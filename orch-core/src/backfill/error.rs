use std::fmt;

use crate::ids::BackfillId;
use crate::partition::PartitionError;
use crate::plan::{Change, PlanError, Problem, ProblemKind};
use crate::run::RunError;
use crate::storage::{StorageError, StorageErrorKind};

/// Why a backfill was not launched, or could not go on.
#[non_exhaustive]
pub enum BackfillError {
    /// What it is to make cannot be planned; nothing was launched.
    Plan(PlanError),
    /// It cannot be kept, or what is kept of it cannot be read; or it is over, or someone else drives it.
    Storage(StorageError),
    /// The program has changed since it was launched.
    #[non_exhaustive]
    Changed {
        /// The backfill.
        backfill: BackfillId,
        /// What has changed.
        changes: Vec<Change>,
    },
    /// It broke off at a run that could not go on for a reason that concerns all of them, such as a full disk.
    #[non_exhaustive]
    Broken {
        /// The backfill.
        backfill: BackfillId,
        /// Why.
        error: RunError,
    },
    /// It cannot begin here: outside of a runtime, or without a thread.
    Runtime(RunError),
}

impl BackfillError {
    pub(super) fn over(message: String, hint: &str) -> Self {
        Self::Storage(StorageError::new(StorageErrorKind::Over, message).hint(hint))
    }

    /// What was pinned cannot be read any more.
    pub(super) fn unreadable(backfill: BackfillId, error: &PartitionError) -> Self {
        let message = format!("the partitions of the backfill {backfill} cannot be read: {error}");
        Self::Storage(StorageError::new(StorageErrorKind::Corrupt, message).hint("launch another one"))
    }

    /// A limit is 0.
    pub(super) fn limit(job: &str, name: &str) -> Self {
        let message = format!("`{name}` is 0, so that nothing could run");
        let problem = Problem::new(ProblemKind::InvalidLimit, message).hint("write 1 or more");
        Self::Plan(PlanError::new(job.to_owned(), vec![problem]))
    }
}

impl From<StorageError> for BackfillError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl fmt::Display for BackfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Storage(error) => {
                write!(f, "{error}")?;
                error.advice().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
            }
            Self::Changed { backfill, changes } => {
                write!(f, "the program has changed since the backfill {backfill} was launched")?;
                changes.iter().try_for_each(|change| write!(f, "\n  {change}"))?;
                f.write_str("\n  hint: go on with the program that launched it, or accept the changes: `--accept-changes`")
            }
            Self::Broken { backfill, error } => write!(
                f,
                "the backfill {backfill} broke off: {error}\n  hint: when that is mended, let it go on: `backfill resume {backfill}`"
            ),
            Self::Runtime(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for BackfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BackfillError {}
