use std::sync::Arc;

use crate::define::{KeptOutput, OpDef};
use crate::failure::Failure;
use crate::ids::{MappingKey, StepPath};
use crate::plan::{Problem, ProblemKind, Program};
use crate::value::Value;

/// An output of a step that does not run, which an earlier run has had stored.
pub(crate) struct Stored {
    pub(crate) path: StepPath,
    pub(crate) op: Arc<OpDef>,
    pub(crate) output: usize,
    /// Of a dynamic output the item, by its key and by its number among the given ones.
    pub(crate) item: Option<(MappingKey, usize)>,
}

impl Program {
    /// Whether there is something to be loaded before the run.
    pub(crate) fn has_stored(&self) -> bool {
        self.given.as_ref().is_some_and(|given| !given.stored.is_empty())
    }

    /// Has all outputs loaded that are stored.
    ///
    /// # Errors
    /// Those that cannot be.
    pub(crate) fn load(
        &mut self,
        load: impl Fn(&Stored) -> Result<Value, Failure>,
    ) -> Result<(), Vec<Problem>> {
        let Some(given) = &mut self.given else { return Ok(()) };
        let mut problems = Vec::new();
        for stored in given.stored.drain(..) {
            let value = match load(&stored) {
                Ok(value) => value,
                Err(failure) => {
                    let step = self.plan.steps.iter().find(|step| step.name == stored.path.name());
                    problems.push(stored.refused(&failure, step.map(|step| &step.place)));
                    continue;
                }
            };
            match (
                given.outputs.get_mut(&stored.path).map(|outputs| &mut outputs[stored.output]),
                stored.item,
            ) {
                (Some(KeptOutput::Items(items)), Some((_, number))) => items[number].1 = value,
                (Some(output), None) => *output = KeptOutput::Value(value),
                _ => {}
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl Stored {
    fn refused(&self, failure: &Failure, place: Option<&crate::ids::Place>) -> Problem {
        let io = self.op.io().unwrap_or_default();
        let output = &self.op.outputs()[self.output].name;
        let item = self.item.as_ref().map(|(key, _)| format!(", item `{key}`")).unwrap_or_default();
        let message = format!(
            "the IO manager `{io}` cannot load `{output}`{item} of `{}` from the earlier run: {failure}",
            self.path
        );
        let problem = Problem::new(ProblemKind::MissingInput, message);
        let problem =
            place.cloned().into_iter().fold(problem, |problem, place| problem.at("the step", place));
        problem.hint(format!("select `{}` too", self.path.name()))
    }
}
