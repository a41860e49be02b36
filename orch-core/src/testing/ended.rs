use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::define::Outputs;
use crate::event::{Event, EventKind, between};
use crate::failure::ErrorKind;
use crate::graph::Op;
use crate::ids::nearest;
use crate::report;
use crate::run::{Run, RunError, StepError};

/// A run that a test has begun and that is over, well or not. It is the [`Run`] by reference.
///
/// What a test expects and does not find is a panic at the test's own line that shows how the run went.
pub struct TestedRun {
    ended: Result<Run, RunError>,
}

impl TestedRun {
    /// The error is that of a run that did not begin.
    pub(super) fn of(ended: Result<Run, RunError>) -> Result<Self, RunError> {
        match ended {
            Err(error) if error.run().is_none() => Err(error),
            ended => Ok(Self { ended }),
        }
    }

    /// Whether the run succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.ended.is_ok()
    }

    /// Why the run did not succeed; none if it did.
    #[must_use]
    pub fn error(&self) -> Option<&RunError> {
        self.ended.as_ref().err()
    }

    /// Goes on if the run succeeded.
    ///
    /// # Panics
    /// If it did not, with its error and its story.
    #[track_caller]
    pub fn assert_success(&self) -> &Self {
        if let Some(error) = self.error() {
            self.refuse(&format!("the run was to succeed: {error}"));
        }
        self
    }

    /// Goes on if the run failed, which a canceled one did not.
    ///
    /// # Panics
    /// If it did not, with its story.
    #[track_caller]
    pub fn assert_failure(&self) -> &Self {
        let ended = self.events().iter().rev().find(|event| event.kind.ends_run());
        if !ended.is_some_and(|event| matches!(event.kind, EventKind::RunFailure { .. })) {
            let what = self.error().map_or_else(|| "it succeeded".to_owned(), ToString::to_string);
            self.refuse(&format!("the run was to fail: {what}"));
        }
        self
    }

    /// The output of the op `N`, which has exactly one step in the run: as [`Run::output`].
    ///
    /// # Panics
    /// If the op has no step that succeeded, or several, with the story of the run.
    #[must_use]
    #[track_caller]
    pub fn output<N: Op>(&self) -> <N::Outputs as Outputs>::Values<'_> {
        match self.try_output::<N>() {
            Ok(values) => values,
            Err(error) => self.refuse(&error),
        }
    }

    /// The steps that failed for good, in the order in which they did: each with its attempts and its last error. Steps
    /// that a cancel stopped are not among them.
    pub fn failures(&self) -> impl Iterator<Item = StepError> {
        self.events().iter().filter_map(|event| match (&event.kind, &event.step) {
            (EventKind::StepFailure { error }, Some(step)) if error.kind != ErrorKind::Canceled => {
                Some(StepError {
                    step: step.clone(),
                    attempts: event.attempt.max(1),
                    error: Arc::clone(error),
                })
            }
            _ => None,
        })
    }

    /// How the op `N` failed, of which exactly one step did: `run.failure::<load>().error.message`.
    ///
    /// # Panics
    /// If none of its steps failed, or several did, with the story of the run.
    #[must_use]
    #[track_caller]
    pub fn failure<N: Op>(&self) -> StepError {
        let name = N::def().name();
        let mut failures = self.failures().filter(|failure| self.is_step_of(&failure.step, N::def()));
        match (failures.next(), failures.next()) {
            (Some(only), None) => only,
            (Some(first), Some(second)) => self.refuse(&format!(
                "several steps of `{name}` failed (`{}`, `{}`, ..); ask for all with `run.failures()`",
                first.step, second.step
            )),
            (None, _) => self.refuse(&format!("no step of `{name}` failed")),
        }
    }

    /// How long the run took, by the clock of the test: with one that jumps, the sum of what it waited for.
    #[must_use]
    pub fn took(&self) -> Duration {
        match self.events() {
            [first, .., last] => between(first.time, last.time),
            _ => Duration::ZERO,
        }
    }

    /// What happened, a line for each event, without times, ids and places: as [`report::story`].
    #[must_use]
    pub fn story(&self) -> String {
        report::story(self.events())
    }

    /// What happened to a step, `"load[100]"`; to all items of a step in a map, `"load"`; or to all steps of a graph,
    /// `"clean"`.
    ///
    /// # Panics
    /// If the run's plan has no such step.
    #[must_use]
    #[track_caller]
    pub fn story_of(&self, step: &str) -> String {
        let names = || self.plan().steps.iter().map(|planned| &*planned.name);
        let name = step.split('[').next().unwrap_or_default();
        if !names().any(|planned| within(planned, name)) {
            let near = nearest(name, names()).map(|near| format!("did you mean `{near}`? "));
            let known: Vec<_> = names().collect();
            panic!(
                "there is no step `{name}` in the plan of `{}`\n  hint: {}its steps are: {}",
                self.plan().job,
                near.unwrap_or_default(),
                known.join(", ")
            );
        }
        let of_it = |event: &&Event| event.step.as_ref().is_some_and(|path| within(&path.to_string(), step));
        report::story(self.events().iter().filter(of_it))
    }

    #[track_caller]
    fn refuse(&self, what: &dyn fmt::Display) -> ! {
        let story = self.story();
        panic!("{what}\n\nthe story of the run:\n{story}\n");
    }
}

/// Whether a step is the one named, an item of it, or one of its graph.
fn within(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Deref for TestedRun {
    type Target = Run;

    fn deref(&self) -> &Run {
        match &self.ended {
            Ok(run) => run,
            Err(error) => error.run().expect("a run that did not begin is no tested run"),
        }
    }
}

impl fmt::Debug for TestedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ended.fmt(f)
    }
}
