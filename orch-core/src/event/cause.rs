use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::StepPath;

/// Why a step did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipCause {
    /// An output it needs was left out by this step, directly or through steps skipped in between. Not a failure.
    Absent(StepPath),
    /// This step failed, and the skipped one needs its output, directly or through steps in between.
    Failed(StepPath),
    /// A check has nothing to look at: something that it takes was not there when the run began, which is said. Not a failure.
    Lacking(String),
    /// The run was canceled before it could start, or start again.
    Canceled,
}

impl SkipCause {
    /// Whether something was left out, which is no failure.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

/// Why what a step gave is not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LostCause {
    /// It was in the memory of the process alone: no IO manager stores it, and serde cannot write its type.
    Memory,
    /// It was stored, and cannot be loaded: it is damaged, or gone.
    Unreadable(String),
    /// The program has changed: the step was something else.
    Changed,
    /// It goes by what was observed of what others make, which may be another by now.
    Observed,
}

impl fmt::Display for LostCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("it was kept in memory alone"),
            Self::Unreadable(why) => f.write_str(why),
            Self::Changed => f.write_str("the program has changed"),
            Self::Observed => f.write_str("what others make may be another by now"),
        }
    }
}
