use std::fmt;
use std::sync::Arc;

use super::Run;
use crate::failure::ErrorInfo;
use crate::ids::{RunId, StepPath};
use crate::plan::{Change, PlanError};
use crate::storage::StorageError;

/// Why a run did not succeed.
pub struct RunError(pub(super) Box<RunErrorKind>);

/// The kinds of [`RunError`].
#[derive(Debug)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The job cannot be planned; no step began.
    Plan(PlanError),
    /// The async runtime cannot be started.
    Runtime(std::io::Error),
    /// The run cannot be recorded, or what is recorded of it cannot be read; no step began.
    Storage(StorageError),
    /// [`Runner::run`](super::Runner::run) was polled outside of a tokio runtime; no step began.
    NoRuntime,
    /// The runtime that polled the run has no timer, which timeouts, retries and cancellation need; no step began.
    NoTime,
    /// [`Runner::run_blocking`](super::Runner::run_blocking) was called by async code; no step began.
    WithinRuntime,
    /// The program has changed since the run was begun that was to go on.
    #[non_exhaustive]
    Changed {
        /// The run.
        run: RunId,
        /// What has changed, and what that means for it.
        changes: Vec<Change>,
    },
    /// Steps failed.
    #[non_exhaustive]
    Failed {
        /// The run.
        run: Run,
        /// The first failed steps.
        steps: Vec<StepError>,
        /// How many failed in all.
        failed: u64,
    },
    /// A resource could not be opened; no step began.
    #[non_exhaustive]
    Resource {
        /// The run.
        run: Run,
        /// The resource's key.
        resource: Arc<str>,
        /// Why.
        error: Arc<ErrorInfo>,
    },
    /// The run was canceled.
    #[non_exhaustive]
    Canceled {
        /// The run.
        run: Run,
    },
    /// The journal of the run refused what happened, as on a full disk. The run broke off before anything followed from it,
    /// and can be resumed.
    #[non_exhaustive]
    Unrecorded {
        /// The run, as far as it came.
        run: Run,
        /// Why.
        message: String,
    },
    /// A sink panicked, or the `Drop` of a value, or the runtime was shut down. The run broke off where it stood, and no
    /// last event tells of it.
    #[non_exhaustive]
    Broken {
        /// The run, as far as it came.
        run: Run,
        /// What happened, and what a panic said.
        message: String,
    },
}

/// Why a step failed for good.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepError {
    /// Which.
    pub step: StepPath,
    /// After how many attempts, from 1.
    pub attempts: u32,
    /// The error of the last.
    pub error: Arc<ErrorInfo>,
}

impl RunError {
    pub(super) fn of_kind(kind: RunErrorKind) -> Self {
        Self(Box::new(kind))
    }

    pub(crate) fn plan(error: PlanError) -> Self {
        Self::of_kind(RunErrorKind::Plan(error))
    }

    pub(super) fn storage(error: StorageError) -> Self {
        Self::of_kind(RunErrorKind::Storage(error))
    }

    pub(super) fn runtime(error: std::io::Error) -> Self {
        Self::of_kind(RunErrorKind::Runtime(error))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &RunErrorKind {
        &self.0
    }

    /// The run, if it began, with the outputs and events that were to be kept.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        match &*self.0 {
            RunErrorKind::Failed { run, .. }
            | RunErrorKind::Resource { run, .. }
            | RunErrorKind::Canceled { run }
            | RunErrorKind::Unrecorded { run, .. }
            | RunErrorKind::Broken { run, .. } => Some(run),
            RunErrorKind::Plan(_)
            | RunErrorKind::Runtime(_)
            | RunErrorKind::Storage(_)
            | RunErrorKind::Changed { .. }
            | RunErrorKind::NoRuntime
            | RunErrorKind::NoTime
            | RunErrorKind::WithinRuntime => None,
        }
    }

    /// The problems of the job, if it could not be planned.
    #[must_use]
    pub fn plan_error(&self) -> Option<&PlanError> {
        match &*self.0 {
            RunErrorKind::Plan(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            RunErrorKind::Plan(error) => error.fmt(f),
            RunErrorKind::Runtime(error) => write!(f, "the async runtime cannot be started: {error}"),
            RunErrorKind::Storage(error) => {
                write!(f, "{error}")?;
                error.advice().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
            }
            RunErrorKind::Changed { run, changes } => {
                write!(f, "the program has changed since the run {run} was begun")?;
                changes.iter().try_for_each(|change| write!(f, "\n  {change}"))?;
                f.write_str("\n  hint: go on with the program that began it, or accept the changes: `--accept-changes`")
            }
            RunErrorKind::NoRuntime => f.write_str(
                "the run cannot begin outside of a tokio runtime, on which its steps would be started\n  \
                 hint: call `.run_blocking()`, which brings its own, or await `.run()` under `#[tokio::main]`",
            ),
            RunErrorKind::NoTime => f.write_str(
                "the run cannot begin on a tokio runtime without a timer, which timeouts and retries need\n  \
                 hint: build the runtime with `.enable_all()`, or at least `.enable_time()`",
            ),
            RunErrorKind::WithinRuntime => f.write_str(
                "`run_blocking` cannot wait for a run on a thread that polls async code: it would wait for itself\n  \
                 hint: use `.run().await` instead",
            ),
            RunErrorKind::Resource { run, resource, error } => {
                let job = &run.plan().job;
                write!(f, "the run of `{job}` failed: the resource `{resource}` cannot be opened: {error}")
            }
            RunErrorKind::Canceled { run } => write!(f, "the run of `{}` was canceled", run.plan().job),
            RunErrorKind::Unrecorded { run, message } => write!(
                f,
                "the run of `{}` broke off, since what happens cannot be recorded any more: {message}\n  \
                 hint: when that is mended, let it go on: resume {}",
                run.plan().job,
                run.id()
            ),
            RunErrorKind::Broken { run, message } => {
                write!(f, "the run of `{}` broke off: {message}", run.plan().job)
            }
            RunErrorKind::Failed { run, steps, failed } => {
                let plural = if *failed == 1 { "step" } else { "steps" };
                write!(f, "the run of `{}` failed: {failed} {plural}", run.plan().job)?;
                for StepError { step, attempts, error } in steps {
                    let after =
                        if *attempts > 1 { format!(" after {attempts} attempts") } else { String::new() };
                    write!(f, "\n`{step}`{after}: {error}")?;
                }
                match failed.saturating_sub(steps.len() as u64) {
                    0 => Ok(()),
                    more => write!(f, "\nand {more} more"),
                }
            }
        }
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for RunError {}
