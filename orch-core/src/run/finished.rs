use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::define::{KeptOutput, OutputKind, Outputs, ValuesOf};
use crate::engine::Kept;
use crate::event::{Event, EventKind};
use crate::failure::ErrorInfo;
use crate::graph::Op;
use crate::ids::{RunId, StepPath};
use crate::plan::{Plan, PlanError, Program};

/// A run that is over.
pub struct Run {
    id: RunId,
    program: Arc<Program>,
    events: Vec<Event>,
    steps: Vec<KeptStep>,
    by_name: HashMap<String, Vec<usize>>,
}

struct KeptStep {
    path: StepPath,
    outputs: Vec<KeptOutput>,
}

impl Run {
    /// The run's identifier.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The plan that was run.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.program.plan
    }

    /// All events, in order; empty unless they were asked for.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The output of the op `N`, which has exactly one step in the run: `run.output::<report>()` is a `&String`.
    ///
    /// A tuple gives a tuple of references, an optional output an `Option`, a dynamic one its items with their keys.
    ///
    /// # Panics
    /// If the op has no step that succeeded, or several, or outputs were not kept; [`Run::try_output`] says so instead.
    #[must_use]
    #[track_caller]
    pub fn output<N: Op>(&self) -> <N::Outputs as Outputs>::Values<'_> {
        match self.try_output::<N>() {
            Ok(values) => values,
            Err(error) => panic!("{error}"),
        }
    }

    /// The output of the op `N`, which has exactly one step in the run.
    ///
    /// # Errors
    /// If the op has no step that succeeded, or several, or outputs were not kept.
    pub fn try_output<N: Op>(&self) -> Result<<N::Outputs as Outputs>::Values<'_>, OutputError> {
        let mut all = self.outputs::<N>();
        let name = N::def().name();
        match (all.next(), all.next()) {
            (Some((_, values)), None) => Ok(values),
            (Some((first, _)), Some((second, _))) => Err(OutputError(format!(
                "`{name}` has several steps in this run (`{first}`, `{second}`, ..); ask for all with `run.outputs::<{name}>()`"
            ))),
            (None, _) => Err(OutputError(format!(
                "no step of `{name}` has outputs in this run: it did not succeed, or outputs were not kept (`.keep_outputs()`)"
            ))),
        }
    }

    /// The outputs of all steps of the op `N` that succeeded, each with its path, in the order in which they succeeded.
    pub fn outputs<N: Op>(&self) -> impl Iterator<Item = (&StepPath, <N::Outputs as Outputs>::Values<'_>)> {
        let indices = self.by_name.get(N::def().name()).map_or(&[] as &[usize], Vec::as_slice);
        indices.iter().filter_map(|&index| {
            let step = &self.steps[index];
            let values = N::Outputs::values(ValuesOf::new(&step.path, &step.outputs)).ok()?;
            Some((&step.path, values))
        })
    }

    /// The number of a step with outputs, made when it is first asked for.
    fn number(&mut self, known: &mut HashMap<StepPath, usize>, path: StepPath, step: usize) -> usize {
        *known.entry(path).or_insert_with_key(|path| {
            let outputs = self.program.ops[step].outputs().iter().map(|output| match output.kind {
                OutputKind::Dynamic => KeptOutput::Items(Vec::new()),
                _ => KeptOutput::Absent,
            });
            self.steps.push(KeptStep { path: path.clone(), outputs: outputs.collect() });
            self.steps.len() - 1
        })
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .field("job", &self.program.plan.job)
            .finish_non_exhaustive()
    }
}

/// Why an output cannot be had of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputError(String);

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OutputError {}

/// Why a run did not succeed.
pub struct RunError(Box<RunErrorKind>);

/// The kinds of [`RunError`].
#[derive(Debug)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The job cannot be planned; no step began.
    Plan(PlanError),
    /// The async runtime cannot be started.
    Runtime(std::io::Error),
    /// Steps failed.
    Failed {
        /// The run.
        run: Run,
        /// The first failed steps, with their errors.
        steps: Vec<(StepPath, Arc<ErrorInfo>)>,
        /// How many failed in all.
        failed: u64,
    },
    /// The run was canceled.
    Canceled {
        /// The run.
        run: Run,
    },
    /// A sink panicked, or the `Drop` of a value. The run broke off where it stood, and no last event tells of it.
    Broken {
        /// The run, as far as it came.
        run: Run,
        /// What panicked, and what it said.
        message: String,
    },
}

impl RunError {
    pub(super) fn plan(error: PlanError) -> Self {
        Self(Box::new(RunErrorKind::Plan(error)))
    }

    pub(super) fn runtime(error: std::io::Error) -> Self {
        Self(Box::new(RunErrorKind::Runtime(error)))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &RunErrorKind {
        &self.0
    }

    /// The run, if it began.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        match &*self.0 {
            RunErrorKind::Failed { run, .. }
            | RunErrorKind::Canceled { run }
            | RunErrorKind::Broken { run, .. } => Some(run),
            RunErrorKind::Plan(_) | RunErrorKind::Runtime(_) => None,
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
            RunErrorKind::Canceled { run } => write!(f, "the run of `{}` was canceled", run.plan().job),
            RunErrorKind::Broken { run, message } => {
                write!(f, "the run of `{}` broke off: {message}", run.plan().job)
            }
            RunErrorKind::Failed { run, steps, failed } => {
                let plural = if *failed == 1 { "step" } else { "steps" };
                write!(f, "the run of `{}` failed: {failed} {plural}", run.plan().job)?;
                for (path, error) in steps {
                    write!(f, "\n`{path}`: {error}")?;
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

/// Watches a run for what is to remain of it.
pub(super) struct Keeper {
    run: Option<Run>,
    end: Option<EventKind>,
    failures: Vec<(StepPath, Arc<ErrorInfo>)>,
    /// The numbers of the run's steps by path.
    numbers: HashMap<StepPath, usize>,
}

/// How many failures an error names; of a wide map the rest are alike.
const NAMED_FAILURES: usize = 10;

impl Keeper {
    pub(super) fn new(id: RunId, program: Arc<Program>) -> Self {
        let run = Run { id, program, events: Vec::new(), steps: Vec::new(), by_name: HashMap::new() };
        Self { run: Some(run), ..Self::empty() }
    }

    pub(super) fn empty() -> Self {
        Self { run: None, end: None, failures: Vec::new(), numbers: HashMap::new() }
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
                let index = run.number(known, path, step);
                match (&mut run.steps[index].outputs[output], key) {
                    (KeptOutput::Items(items), Some(key)) => items.push((key.to_string(), value)),
                    (output, _) => *output = KeptOutput::Value(value),
                }
            }
            Kept::Orphans { path, step, output, numbers } => {
                let index = run.number(known, path, step);
                if let KeptOutput::Items(items) = &mut run.steps[index].outputs[output] {
                    let mut number = 0..;
                    items.retain(|_| {
                        number.next().is_none_or(|number| numbers.binary_search(&number).is_err())
                    });
                }
            }
            // From here on the step's outputs can be asked for, also if there turned out to be none.
            Kept::Succeeded { path, step } => {
                let index = run.number(known, path, step);
                let name = run.program.ops[step].name().to_owned();
                run.by_name.entry(name).or_default().push(index);
            }
            Kept::Failed { path, error } => {
                if self.failures.len() < NAMED_FAILURES {
                    self.failures.push((path, error));
                }
            }
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
            Some(EventKind::RunFailure { failed, .. }) => {
                RunErrorKind::Failed { run, steps: self.failures, failed }
            }
            Some(EventKind::RunCanceled { .. }) => RunErrorKind::Canceled { run },
            _ => return Ok(run),
        };
        Err(RunError(Box::new(kind)))
    }
}
