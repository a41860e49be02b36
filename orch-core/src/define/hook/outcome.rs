use crate::failure::{ErrorInfo, ErrorKind};

/// What a step has come to, for its hooks.
///
/// A step that is skipped because an optional output was left out has no outcome: nothing has gone wrong and nothing was
/// to be done, so no hook is called for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It succeeded.
    Success,
    /// Its last attempt failed.
    Failed,
    /// Its last attempt outlived its timeout.
    TimedOut,
    /// The run was canceled after it had begun.
    Canceled,
    /// It did not begin: a step that it needs failed, or the run was canceled before.
    NotExecuted,
}

impl StepOutcome {
    /// That of a step whose last attempt failed with this.
    pub(crate) fn of_failure(error: &ErrorInfo) -> Self {
        match error.kind {
            ErrorKind::Timeout => Self::TimedOut,
            ErrorKind::Canceled => Self::Canceled,
            _ => Self::Failed,
        }
    }

    /// The outcome as one word, as `on(..)` takes it: `timed_out`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Canceled => "canceled",
            Self::NotExecuted => "not_executed",
        }
    }

    pub(crate) const fn alone(self) -> Outcomes {
        Outcomes(1 << self as u8)
    }
}

/// What a run has come to, for its hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunOutcome {
    /// It ended without a failed step.
    Success,
    /// It ended with a failed step, or without a resource that it needs.
    Failure,
    /// It was canceled.
    Canceled,
}

impl RunOutcome {
    pub(super) const ALL: Outcomes = Outcomes(0b111);

    /// The outcome as one word, as `on(..)` takes it: `failure`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Canceled => "canceled",
        }
    }
}

/// Several outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes(u8);

impl Outcomes {
    pub(crate) fn has(self, outcome: impl Outcome) -> bool {
        self.0 & outcome.bits() != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl<O: Outcome> FromIterator<O> for Outcomes {
    fn from_iter<I: IntoIterator<Item = O>>(outcomes: I) -> Self {
        Self(outcomes.into_iter().fold(0, |bits, outcome| bits | outcome.bits()))
    }
}

/// What a hook can be called for.
pub trait Outcome: Copy {
    #[doc(hidden)]
    fn bits(self) -> u8;
}

impl Outcome for StepOutcome {
    fn bits(self) -> u8 {
        1 << self as u8
    }
}

impl Outcome for RunOutcome {
    fn bits(self) -> u8 {
        1 << self as u8
    }
}
