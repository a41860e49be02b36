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
        /// The first failed steps, each with the number of its attempts and the error of the last.
        steps: Vec<(StepPath, u32, Arc<ErrorInfo>)>,
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
                for (path, attempts, error) in steps {
                    let after =
                        if *attempts > 1 { format!(" after {attempts} attempts") } else { String::new() };
                    write!(f, "\n`{path}`{after}: {error}")?;
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
    keep_events: bool,
    /// The numbers of the plan's steps by name, if outputs are kept.
    numbers: HashMap<String, usize>,
    end: Option<EventKind>,
    failures: Vec<(StepPath, u32, Arc<ErrorInfo>)>,
    index: HashMap<StepPath, usize>,
}

/// How many failures an error names; of a wide map the rest are alike.
const NAMED_FAILURES: usize = 10;

impl Keeper {
    pub(super) fn new(id: RunId, program: Arc<Program>, keep_events: bool, keep_outputs: bool) -> Self {
        let steps = program.plan.steps.iter().enumerate().filter(|_| keep_outputs);
        let numbers = steps.map(|(number, step)| (step.name.clone(), number)).collect();
        let run = Run { id, program, events: Vec::new(), steps: Vec::new(), by_name: HashMap::new() };
        Self { run: Some(run), keep_events, numbers, ..Self::empty() }
    }

    pub(super) fn empty() -> Self {
        let (numbers, index) = (HashMap::new(), HashMap::new());
        Self { run: None, keep_events: false, numbers, end: None, failures: Vec::new(), index }
    }

    /// Takes what one turn of the engine leaves.
    pub(super) fn turn(&mut self, events: &[Event], kept: &mut Vec<Kept>) {
        for event in events {
            match &event.kind {
                EventKind::StepFailure { error } if self.failures.len() < NAMED_FAILURES => {
                    let step = event.step.clone();
                    self.failures.extend(step.map(|step| (step, event.attempt, Arc::clone(error))));
                }
                EventKind::StepSuccess => {
                    if let Some(path) = &event.step {
                        self.succeeded(path);
                    }
                }
                kind if kind.ends_run() => self.end = Some(kind.clone()),
                _ => {}
            }
        }
        if let (true, Some(run)) = (self.keep_events, &mut self.run) {
            run.events.extend_from_slice(events);
        }
        kept.drain(..).for_each(|kept| self.output(kept));
    }

    /// From here on the step's outputs can be asked for, also if there turned out to be none.
    fn succeeded(&mut self, path: &StepPath) {
        let Some(&number) = self.numbers.get(path.name()) else { return };
        let Some(index) = self.entry(path, number) else { return };
        let Some(run) = &mut self.run else { return };
        run.by_name.entry(run.program.ops[number].name().to_owned()).or_default().push(index);
    }

    fn output(&mut self, kept: Kept) {
        let (Kept::Value { path, step, output, .. } | Kept::Orphans { path, step, output, .. }) = &kept;
        let Some(index) = self.entry(path, *step) else { return };
        let Some(run) = &mut self.run else { return };
        match (&mut run.steps[index].outputs[*output], kept) {
            (KeptOutput::Items(items), Kept::Value { key: Some(key), value, .. }) => {
                items.push((key.to_string(), value));
            }
            (output, Kept::Value { value, .. }) => *output = KeptOutput::Value(value),
            (KeptOutput::Items(items), Kept::Orphans { numbers, .. }) => {
                let mut number = 0..;
                items.retain(|_| number.next().is_none_or(|number| numbers.binary_search(&number).is_err()));
            }
            (_, Kept::Orphans { .. }) => {}
        }
    }

    /// The place for the outputs of a step, made when it is first asked for.
    fn entry(&mut self, path: &StepPath, number: usize) -> Option<usize> {
        let run = self.run.as_mut()?;
        if let Some(&index) = self.index.get(path) {
            return Some(index);
        }
        let outputs = run.program.ops[number].outputs().iter().map(|output| match output.kind {
            OutputKind::Dynamic => KeptOutput::Items(Vec::new()),
            _ => KeptOutput::Absent,
        });
        run.steps.push(KeptStep { path: path.clone(), outputs: outputs.collect() });
        self.index.insert(path.clone(), run.steps.len() - 1);
        Some(run.steps.len() - 1)
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
