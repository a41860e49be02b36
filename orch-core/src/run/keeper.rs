use std::collections::HashMap;
use std::sync::Arc;

use super::error::{RunErrorKind, StepError};
use super::finished::{KeptStep, OpId};
use super::{Run, RunError};
use crate::define::{KeptOutput, OutputKind};
use crate::engine::Kept;
use crate::event::{Event, EventKind};
use crate::failure::ErrorInfo;
use crate::ids::{RunId, StepPath};
use crate::plan::Program;

/// Watches a run for what is to remain of it.
pub(super) struct Keeper {
    run: Option<Run>,
    end: Option<EventKind>,
    failures: Vec<StepError>,
    /// The resource that could not be opened.
    unopened: Option<(Arc<str>, Arc<ErrorInfo>)>,
    /// The numbers of the run's steps by path.
    numbers: HashMap<StepPath, usize>,
}

/// How many failures an error names; of a wide map the rest are alike.
const NAMED_FAILURES: usize = 10;

impl Keeper {
    pub(super) fn new(id: RunId, program: Arc<Program>) -> Self {
        let run = Run { id, program, events: Vec::new(), steps: Vec::new(), by_op: HashMap::new() };
        Self { run: Some(run), ..Self::empty() }
    }

    pub(super) fn empty() -> Self {
        Self { run: None, end: None, failures: Vec::new(), unopened: None, numbers: HashMap::new() }
    }

    /// Takes an event that is to be kept.
    pub(super) fn event(&mut self, event: &Event) {
        if let Some(run) = &mut self.run {
            run.events.push(event.clone());
        }
    }

    /// Takes something else that is to remain.
    pub(super) fn keep(&mut self, kept: Kept) {
        let Self { run: Some(run), numbers: known, .. } = self else { return };
        match kept {
            Kept::Value { path, step, output, key, value } => {
                let index = number(run, known, path, step);
                match (&mut run.steps[index].outputs[output], key) {
                    (KeptOutput::Items(items), Some(key)) => items.push((key.to_string(), value)),
                    (output, _) => *output = KeptOutput::Value(value),
                }
            }
            Kept::Orphans { path, step, output, numbers } => {
                let index = number(run, known, path, step);
                if let KeptOutput::Items(items) = &mut run.steps[index].outputs[output] {
                    let mut number = 0..;
                    items.retain(|_| {
                        number.next().is_none_or(|number| numbers.binary_search(&number).is_err())
                    });
                }
            }
            // From here on the step's outputs can be asked for, also if there turned out to be none.
            Kept::Succeeded { path, step } => {
                let index = number(run, known, path, step);
                run.by_op.entry(OpId::of(&run.program.ops[step])).or_default().push(index);
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
    pub(super) fn finish(self, broken: Option<String>) -> Result<Run, RunError> {
        let Some(run) = self.run else {
            return Err(RunError::runtime(std::io::Error::other("the run was finished twice")));
        };
        if let Some(message) = broken {
            return Err(RunError(Box::new(RunErrorKind::Broken { run, message })));
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

/// The number of a step with outputs, made when it is first asked for.
fn number(run: &mut Run, known: &mut HashMap<StepPath, usize>, path: StepPath, step: usize) -> usize {
    *known.entry(path).or_insert_with_key(|path| {
        let outputs = run.program.ops[step].outputs().iter().map(|output| match output.kind {
            OutputKind::Dynamic => KeptOutput::Items(Vec::new()),
            _ => KeptOutput::Absent,
        });
        run.steps.push(KeptStep { path: path.clone(), outputs: outputs.collect() });
        run.steps.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::JobOptions;
    use crate::graph::Job;

    fn finish(end: Option<EventKind>) -> Result<Run, RunError> {
        let job = Job::compose(JobOptions::new("nothing"), || {});
        let program = Program::compile(&job).expect("a job of no steps");
        let mut keeper = Keeper::new(RunId::from_u128(1), Arc::new(program));
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
