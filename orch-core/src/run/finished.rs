use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::define::{OpDef, Outputs, ValuesOf};
use crate::event::Event;
use crate::graph::Op;
use crate::ids::{RunId, StepPath};
use crate::plan::{Known, Plan, Program};

/// A run that is over.
pub struct Run {
    pub(super) id: RunId,
    pub(super) program: Arc<Program>,
    pub(super) events: Vec<Event>,
    pub(super) known: Arc<Known>,
    /// The steps of each op that succeeded.
    pub(super) by_op: HashMap<OpId, Vec<usize>>,
}

/// Which op it is, of those in this process: the address of its definition. Modules may have ops of one name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OpId(usize);

impl OpId {
    pub(super) fn of(op: &Arc<OpDef>) -> Self {
        Self(Arc::as_ptr(op).addr())
    }
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

    /// All events, in order; empty unless they were asked for with [`Runner::keep_events`](super::Runner::keep_events).
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
    /// If the op has no step that succeeded, or several, or outputs were not kept. An op of the same name is another op.
    pub fn try_output<N: Op>(&self) -> Result<<N::Outputs as Outputs>::Values<'_>, OutputError> {
        let mut all = self.outputs::<N>();
        let name = N::def().name();
        match (all.next(), all.next()) {
            (Some((_, values)), None) => Ok(values),
            (Some((first, _)), Some((second, _))) => Err(OutputError(format!(
                "`{name}` has several steps in this run (`{first}`, `{second}`, ..); ask for all with `run.outputs::<{name}>()`"
            ))),
            (None, _) => Err(OutputError(format!(
                "no step of `{name}` has outputs in this run: the job does not call it, it was not selected, it did not succeed, or outputs were not kept (`.keep_outputs()`)"
            ))),
        }
    }

    /// The outputs of all steps of the op `N` that succeeded, each with its path, in the order in which they succeeded;
    /// none if outputs were not kept.
    pub fn outputs<N: Op>(&self) -> impl Iterator<Item = (&StepPath, <N::Outputs as Outputs>::Values<'_>)> {
        self.outputs_of::<N::Outputs>(N::def())
    }

    /// As [`Run::outputs`], of an op made with [`OpDef::builder`] that returns `O`; none if it returns something else.
    pub fn outputs_of<O: Outputs>(
        &self,
        op: &Arc<OpDef>,
    ) -> impl Iterator<Item = (&StepPath, O::Values<'_>)> {
        let indices = self.by_op.get(&OpId::of(op)).map_or(&[] as &[usize], Vec::as_slice);
        indices.iter().filter_map(|&index| {
            let step = self.known.step(index);
            let values = O::values(ValuesOf::new(&step.path, &step.outputs)).ok()?;
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
