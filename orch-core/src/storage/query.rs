use std::ops::ControlFlow;

use jiff::Timestamp;

use super::RunRecord;
use crate::event::{Event, EventKind, LogLevel, RunStatus};

/// Which runs are asked for; all of them, the newest first, if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Runs of this job.
    pub job: Option<String>,
    /// Runs of one of these; of all if there is none.
    pub status: Vec<RunStatus>,
    /// Runs made at this time or later.
    pub since: Option<Timestamp>,
    /// Runs that have all these tags.
    pub tags: Vec<(String, String)>,
    /// So many at most.
    pub limit: Option<usize>,
}

impl RunQuery {
    /// Whether a run is asked for, but for how many there are.
    #[must_use]
    pub fn matches(&self, run: &RunRecord) -> bool {
        self.job.as_ref().is_none_or(|job| *job == run.job)
            && (self.status.is_empty() || self.status.contains(&run.status))
            && self.since.is_none_or(|since| run.created >= since)
            && self.tags.iter().all(|(key, value)| run.tags.get(key) == Some(value))
    }
}

/// Which log lines of a run are asked for; all of them if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Lines of this step; of a name without keys those of all its copies.
    pub step: Option<String>,
    /// Lines of this level and those above.
    pub level: Option<LogLevel>,
    /// Lines whose message contains this, whatever the case of its letters.
    pub text: Option<String>,
}

impl LogQuery {
    /// Whether this is a line that is asked for.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        let EventKind::Log { level, message, .. } = &event.kind else { return false };
        self.is_of_step(event)
            && self.level.is_none_or(|least| *level >= least)
            && self.text.as_ref().is_none_or(|text| message.to_lowercase().contains(&text.to_lowercase()))
    }

    /// Whether an event, a line or not, is of the step that is asked for.
    #[must_use]
    pub fn is_of_step(&self, event: &Event) -> bool {
        let of_step = |wanted: &String| {
            event.step.as_ref().is_some_and(|step| step.name() == *wanted || step.to_string() == *wanted)
        };
        self.step.as_ref().is_none_or(of_step)
    }
}

/// What is called for each thing that is read, and says whether to go on.
pub(super) type Each<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;
