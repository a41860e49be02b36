use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::define::{KeptOutput, OpDef, OutputKind};
use crate::ids::{Branch, PathMap, StepPath};
use crate::plan::Program;
use crate::select::Copies;

/// What a run has left: the outputs of its steps, and behind them what the run that it took values from has left.
#[derive(Default)]
pub(crate) struct Known {
    steps: Vec<KnownStep>,
    numbers: PathMap<usize>,
    /// What ran, or was to; none of what was recorded, which has what ran alone.
    program: Option<Arc<Program>>,
    /// Which copies of which steps these were; made when another run asks.
    ran: OnceLock<HashMap<String, Copies>>,
    earlier: Option<Arc<Self>>,
}

/// What is known of one step.
pub(crate) struct KnownStep {
    pub(crate) path: StepPath,
    op: Arc<OpDef>,
    pub(crate) outputs: Vec<KeptOutput>,
    end: Option<KnownEnd>,
}

/// How a step ended whose outputs are complete.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownEnd {
    Succeeded,
    /// Something that it needs was left out.
    Skipped,
}

impl Known {
    pub(crate) fn new(program: &Arc<Program>, earlier: Option<Arc<Self>>) -> Self {
        Self { program: Some(Arc::clone(program)), earlier, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.earlier.as_ref().is_none_or(|earlier| earlier.is_empty())
    }

    /// A step by the number that [`step_mut`](Self::step_mut) gave it.
    pub(crate) fn step(&self, number: usize) -> &KnownStep {
        &self.steps[number]
    }

    /// A step and its number, made when it is first asked for.
    pub(crate) fn step_mut(&mut self, path: StepPath, op: &Arc<OpDef>) -> (usize, &mut KnownStep) {
        let steps = &mut self.steps;
        let number = *self.numbers.entry(path).or_insert_with_key(|path| {
            let outputs = op.outputs().iter().map(|output| match output.kind {
                OutputKind::Dynamic => KeptOutput::Items(Vec::new()),
                _ => KeptOutput::Absent,
            });
            let outputs = outputs.collect();
            steps.push(KnownStep { path: path.clone(), op: Arc::clone(op), outputs, end: None });
            steps.len() - 1
        });
        (number, &mut self.steps[number])
    }

    /// How the step ended and with which outputs, in the last run that ran it; none unless they are complete and such as
    /// `op` has them.
    pub(crate) fn outcome(&self, path: &StepPath, op: &OpDef) -> Option<(KnownEnd, &[KeptOutput])> {
        if self.program.is_none() && !self.numbers.contains_key(path) {
            return self.earlier.as_ref()?.outcome(path, op);
        }
        let keys = path.branch().map(Branch::keys).unwrap_or_default();
        // What was to be made anew and failed is not there; an older value would be passed off as a new one.
        let ran =
            self.ran.get_or_init(|| self.program.as_ref().map(|program| program.runs()).unwrap_or_default());
        if self.program.is_some() && !ran.get(path.name()).is_some_and(|copies| copies.contains(&keys)) {
            return self.earlier.as_ref()?.outcome(path, op);
        }
        let step = &self.steps[*self.numbers.get(path)?];
        let end = step.end?;
        let same = step.op.outputs().iter().map(|output| (output.ty, output.kind));
        let same = same.eq(op.outputs().iter().map(|output| (output.ty, output.kind)));
        same.then_some((end, step.outputs.as_slice()))
    }
}

impl KnownStep {
    /// From here on its outputs are complete.
    pub(crate) fn ended(&mut self, end: KnownEnd) {
        self.end = Some(end);
    }
}
