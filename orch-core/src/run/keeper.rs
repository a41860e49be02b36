use std::collections::HashMap;
use std::sync::Arc;

use super::error::{RunErrorKind, StepError};
use super::finished::OpId;
use super::{Run, RunError};
use crate::define::KeptOutput;
use crate::engine::{Broken, Kept};
use crate::event::{Event, EventKind};
use crate::failure::ErrorInfo;
use crate::ids::RunId;
use crate::plan::{Known, KnownEnd, Program};

/// Watches a run for what is to remain of it.
pub(super) struct Keeper {
    run: Option<Run>,
    end: Option<EventKind>,
    failures: Vec<StepError>,
    /// The resource that could not be opened.
    unopened: Option<(Arc<str>, Arc<ErrorInfo>)>,
    known: Known,
}

/// How many failures an error names; of a wide map the rest are alike.
const NAMED_FAILURES: usize = 10;

impl Keeper {
    /// Of a run that takes the values of steps that do not run from an earlier one.
    pub(super) fn new(id: RunId, program: Arc<Program>, earlier: Option<Arc<Known>>) -> Self {
        let known = Known::new(&program, earlier);
        let run = Run { id, program, events: Vec::new(), known: Arc::default(), by_op: HashMap::new() };
        Self { run: Some(run), known, ..Self::empty() }
    }

    /// Takes over what the run has made before it was interrupted: it is as much its own as what is to come.
    pub(super) fn recall(&mut self) {
        let Self { run: Some(run), known, .. } = self else { return };
        let mut given: Vec<_> = run.program.given_outputs().collect();
        given.sort_by_cached_key(|(path, _)| path.to_string());
        for (path, outputs) in given {
            let named = run.program.plan.steps.iter().position(|step| step.name == path.name());
            let Some(op) = named.map(|step| &run.program.ops[step]) else { continue };
            let (index, step) = known.step_mut(path.clone(), op);
            step.outputs.clone_from(outputs);
            step.ended(KnownEnd::Succeeded);
            run.by_op.entry(OpId::of(op)).or_default().push(index);
        }
    }

    pub(super) fn empty() -> Self {
        Self { run: None, end: None, failures: Vec::new(), unopened: None, known: Known::default() }
    }

    /// Takes an event that is to be kept.
    pub(super) fn event(&mut self, event: &Event) {
        if let Some(run) = &mut self.run {
            run.events.push(event.clone());
        }
    }

    /// Takes something else that is to remain.
    pub(super) fn keep(&mut self, kept: Kept) {
        let Self { run: Some(run), known, .. } = self else { return };
        let program = &run.program;
        match kept {
            // Whoever wants what was given asks the run that made it.
            Kept::Value { path, .. }
            | Kept::Orphans { path, .. }
            | Kept::Succeeded { path, .. }
            | Kept::Skipped { path, .. }
                if program.is_given(&path) => {}
            Kept::Value { path, step, output, key, value } => {
                let (_, step) = known.step_mut(path, &program.ops[step]);
                match (&mut step.outputs[output], key) {
                    (KeptOutput::Items(items), Some(key)) => items.push((key.to_string(), value)),
                    (output, _) => *output = KeptOutput::Value(value),
                }
            }
            Kept::Orphans { path, step, output, numbers } => {
                let (_, step) = known.step_mut(path, &program.ops[step]);
                if let KeptOutput::Items(items) = &mut step.outputs[output] {
                    let mut number = 0..;
                    items.retain(|_| {
                        number.next().is_none_or(|number| numbers.binary_search(&number).is_err())
                    });
                }
            }
            // From here on the step's outputs can be asked for, also if there turned out to be none.
            Kept::Succeeded { path, step } => {
                let op = &program.ops[step];
                let (index, step) = known.step_mut(path, op);
                step.ended(KnownEnd::Succeeded);
                run.by_op.entry(OpId::of(op)).or_default().push(index);
            }
            Kept::Skipped { path, step } => {
                known.step_mut(path, &program.ops[step]).1.ended(KnownEnd::Skipped);
            }
            Kept::Failed { path: step, attempts, error } => {
                if self.failures.len() < NAMED_FAILURES {
                    self.failures.push(StepError { step, attempts, error });
                }
            }
            Kept::Unopened { resource, error } => self.unopened = Some((resource, error)),
            Kept::End(kind) => self.end = Some(kind),
        }
    }

    /// What remains of the run, unless it failed, was canceled or was `broken` by a panic.
    pub(super) fn finish(self, broken: Option<Broken>) -> Result<Run, RunError> {
        let Some(mut run) = self.run else {
            return Err(RunError::runtime(std::io::Error::other("the run was finished twice")));
        };
        run.known = Arc::new(self.known);
        match broken {
            Some(Broken { message, unrecorded: true }) => {
                return Err(RunError::of_kind(RunErrorKind::Unrecorded { run, message }));
            }
            Some(Broken { message, unrecorded: false }) => {
                return Err(RunError::of_kind(RunErrorKind::Broken { run, message }));
            }
            None => {}
        }
        let kind = match self.end {
            Some(EventKind::RunFailure { failed, .. }) => match self.unopened {
                Some((resource, error)) => RunErrorKind::Resource { run, resource, error },
                None => RunErrorKind::Failed { run, steps: self.failures, failed },
            },
            Some(EventKind::RunCanceled { .. }) => RunErrorKind::Canceled { run },
            Some(EventKind::RunSuccess) => return Ok(run),
            // Of a run whose end nobody knows nothing may be said to be well.
            _ => RunErrorKind::Broken { run, message: "the engine told no end of it".to_owned() },
        };
        Err(RunError(Box::new(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::JobOptions;
    use crate::graph::Job;

    fn finish(end: Option<EventKind>) -> Result<Run, RunError> {
        let job = Job::compose(JobOptions::new("nothing"), || {});
        let program = Program::compile(&job).expect("a job of no steps");
        let mut keeper = Keeper::new(RunId::from_u128(1), Arc::new(program), None);
        end.into_iter().for_each(|end| keeper.keep(Kept::End(end)));
        keeper.finish(None)
    }

    #[test]
    fn a_run_is_a_success_only_if_that_was_told() {
        assert!(finish(Some(EventKind::RunSuccess)).is_ok());
        let error = finish(None).expect_err("no end was told");
        assert!(matches!(error.kind(), RunErrorKind::Broken { .. }));
        assert_eq!(error.to_string(), "the run of `nothing` broke off: the engine told no end of it");
    }
}
