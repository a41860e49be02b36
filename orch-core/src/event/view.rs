use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SkipCause, StreamName};
use crate::asset::{AssetKey, CheckResult};
use crate::failure::ErrorInfo;
use crate::ids::{RunId, StepPath};

/// How much of a run its picture keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Finished steps are folded into the counts of their op and forgotten; what is kept grows with the ops of the job
    /// and the steps alive at once, not with the items of a map.
    #[default]
    Counts,
    /// Every step is kept with its attempts, as a chart needs it.
    Steps,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It is under way.
    #[default]
    Running,
    /// Cancellation was asked for; nothing starts any more.
    Canceling,
    /// It ended without a failed step.
    Success,
    /// It ended with a failed step, or without a resource that it needs.
    Failure,
    /// It ended because it was canceled.
    Canceled,
}

impl RunStatus {
    /// Whether the run is over.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Success | Self::Failure | Self::Canceled)
    }

    /// The status as one word: `success`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Canceling => "canceling",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Canceled => "canceled",
        }
    }
}

/// How many steps are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Steps with an attempt under way.
    ///
    /// A step with a dynamic output is among them until its stream is closed, also while it waits for room or for a slot
    /// and so holds none: there is no event for that, since each item would need two. So there may be more of them than
    /// the run has slots. [`Counts::open`] tells how many there are.
    pub running: u64,
    /// Of these, the ones that have emitted an item of a dynamic output: they run only while the next one is asked for.
    pub open: u64,
    /// Steps between an attempt and the next: one that failed or was interrupted, or whose values were lost.
    pub waiting_retry: u64,
    /// Steps that succeeded.
    pub succeeded: u64,
    /// Of these, the ones that did so after an attempt that failed.
    pub retried: u64,
    /// Steps whose last attempt failed.
    pub failed: u64,
    /// Steps that were under way, or waited for a retry, when the run was canceled.
    pub canceled: u64,
    /// Steps that did not run.
    pub skipped: u64,
    /// Steps that did not run since what they make would have come out as it is.
    #[serde(default)]
    pub memoized: u64,
    /// Failed attempts that were, or will be, followed by another.
    pub retries: u64,
    /// Items emitted by dynamic outputs, those of failed attempts included; an item emitted anew counts once.
    pub items: u64,
    /// Attempts that were under way when the process of the run was gone, and the run then went on.
    #[serde(default)]
    pub interrupted: u64,
    /// How often a step that had succeeded was to run again, since what it gave was no longer there.
    #[serde(default)]
    pub lost: u64,
}

impl Counts {
    /// Steps that run all the time: those with an attempt under way, without the open ones.
    #[must_use]
    pub const fn busy(&self) -> u64 {
        self.running.saturating_sub(self.open)
    }

    /// Steps that will not change any more.
    #[must_use]
    pub const fn finished(&self) -> u64 {
        self.succeeded + self.failed + self.canceled + self.skipped + self.memoized
    }

    /// Steps that anything is known of: the finished, the running and those that wait for a retry.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.finished() + self.running + self.waiting_retry
    }
}

/// How many steps there will be: `120`, or `50+` as long as a stream they depend on is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many are known of.
    pub known: u64,
    /// Whether more may come.
    pub open: bool,
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.known, if self.open { "+" } else { "" })
    }
}

/// A step of the plan, with all its mapped copies taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpView {
    /// Its name in the plan, without mapping keys.
    pub name: Arc<str>,
    /// Whether it is inside a map, so that there is a copy for each item.
    pub mapped: bool,
    /// The dynamic output whose items its copies are for, where that is known.
    pub over: Option<StreamName>,
    /// How its copies stand.
    pub counts: Counts,
    /// Its dynamic outputs, in the order of their first item.
    pub streams: Vec<StreamView>,
}

/// A dynamic output of an op, the streams of all its mapped copies taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamView {
    /// The output's name.
    pub output: Arc<str>,
    /// The items emitted so far, those of failed attempts included.
    pub items: u64,
    /// How many copies of the op have closed it.
    pub closed: u64,
}

/// A step that has begun and not yet ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveStep {
    /// Which.
    pub path: StepPath,
    /// The present attempt, or the failed one while the step waits for a retry.
    pub attempt: u32,
    /// When it entered its state: the attempt's start, or its failure.
    pub since: Timestamp,
    /// Between two attempts, the delay before the step is ready again; none while it runs. It is zero if the attempt did
    /// not fail, but was interrupted, or its values were lost.
    pub retry_after: Option<Duration>,
    /// Whether the attempt has emitted an item of a dynamic output, as [`Counts::open`] says.
    pub open: bool,
}

/// A step that failed for good, and the mapped copies of it that failed later with the same error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FailedStep {
    /// Which.
    pub path: StepPath,
    /// In which attempt, from 1.
    pub attempt: u32,
    /// How long the last attempt took; none if it did not begin.
    pub took: Option<Duration>,
    /// Why.
    pub error: Arc<ErrorInfo>,
    /// How many other copies of the step failed with this error.
    pub alike: u64,
    /// The first few of these.
    pub first_alike: Vec<StepPath>,
}

impl FailedStep {
    pub(crate) fn new(path: StepPath, attempt: u32, took: Option<Duration>, error: Arc<ErrorInfo>) -> Self {
        Self { path, attempt, took, error, alike: 0, first_alike: Vec::new() }
    }
}

/// A step that was under way, or waited for a retry, when the run was canceled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CanceledStep {
    /// Which.
    pub path: StepPath,
    /// In which attempt, from 1.
    pub attempt: u32,
    /// How long this attempt had taken; none if it had failed and the step waited for the next.
    pub took: Option<Duration>,
    /// Why the attempt had failed, if it had.
    pub error: Option<Arc<ErrorInfo>>,
}

/// One step with all that happened to it; kept with [`Detail::Steps`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepView {
    /// Which.
    pub path: StepPath,
    /// Where it stands.
    pub state: StepState,
    /// Its attempts, the oldest first; none if it was skipped.
    pub attempts: Vec<AttemptView>,
    /// When it was first heard of.
    pub first: Timestamp,
}

impl StepView {
    /// The time from the first start to the end of the last attempt, retry waits included, but not the time between an
    /// attempt that did not fail and one that another process made; none unless all ended.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.took_until(None)
    }

    /// The same of a step whose last attempt is under way at this moment.
    pub(crate) fn took_until(&self, now: Option<Timestamp>) -> Option<Duration> {
        let (first, last) = (self.attempts.first()?, self.attempts.last()?);
        let again = self.attempts.windows(2).filter(|pair| pair[0].error.is_none());
        let idle: Duration = again.filter_map(|pair| Some(between(pair[0].end?, pair[1].start))).sum();
        Some(between(first.start, last.end.or(now)?).saturating_sub(idle))
    }
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepState {
    /// An attempt is under way, or its stream is open, as [`Counts::running`] says.
    Running,
    /// The last attempt failed or was interrupted, or its values were lost; another will follow.
    WaitingRetry,
    /// It succeeded.
    Succeeded,
    /// Its last attempt failed.
    Failed,
    /// The run was canceled while it was under way or waited for a retry.
    Canceled,
    /// It did not run.
    Skipped(SkipCause),
    /// It did not run, since what it makes would have come out as this run made it.
    Memoized(RunId),
}

/// One attempt at a step.
///
/// Its times are ordered: `ready <= start <= opened <= end`. From `ready` to `start` the step waited for a slot; from the end of
/// an attempt to `ready` of the next it waited for the retry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttemptView {
    /// From 1.
    pub number: u32,
    /// When the step was ready.
    pub ready: Timestamp,
    /// When its code began.
    pub start: Timestamp,
    /// When it emitted the first item of a dynamic output, if it did. From then on it runs only while the next one is
    /// asked for, and else waits for room or for a slot; no event tells when.
    pub opened: Option<Timestamp>,
    /// When it ended; none while it runs. Of one that was interrupted, the last that is known of its process.
    pub end: Option<Timestamp>,
    /// Why it failed, if it did.
    pub error: Option<Arc<ErrorInfo>>,
    /// Whether it was under way when its process was gone.
    pub interrupted: bool,
}

/// A check of an asset that has not passed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckView {
    /// Its step.
    pub step: StepPath,
    /// The asset.
    pub asset: AssetKey,
    /// Whether it is blocking: if it has found an error, its step has failed.
    pub blocking: bool,
    /// What it has found.
    pub result: CheckResult,
}

/// A hook that failed, and how often it did so later for copies of the same step with the same error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HookError {
    /// The hook's name.
    pub hook: Arc<str>,
    /// The step that it was called for; none for the run.
    pub step: Option<StepPath>,
    /// Why.
    pub error: Arc<ErrorInfo>,
    /// How often it failed alike.
    pub alike: u64,
}

/// A resource of the run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceView {
    /// Its key.
    pub key: Arc<str>,
    /// Where it stands.
    pub state: ResourceState,
}

/// Where a resource stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ResourceState {
    /// It is being opened.
    #[non_exhaustive]
    Opening {
        /// When that began.
        since: Timestamp,
    },
    /// It is open.
    #[non_exhaustive]
    Open {
        /// How long its opening took.
        took: Duration,
    },
    /// It could not be opened.
    NotOpened(Arc<ErrorInfo>),
    /// It is closed again.
    #[non_exhaustive]
    Closed {
        /// How long its closing took.
        took: Duration,
    },
    /// It could not be closed.
    NotClosed(Arc<ErrorInfo>),
}

/// The time from one moment to another, nothing if the clock was set back in between.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
