use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::{Kept, Plan, Problem, ProblemKind, Step};
use crate::define::OutputKind;
use crate::graph::GraphNode;

/// Says which steps are memoized: those of such ops that make no assets, which have versions of their own. Of items that
/// are made while others are worked on nobody knows before that they would come out the same.
pub(super) fn mark(nodes: &[GraphNode], steps: &mut [Step], problems: &mut Vec<Problem>) {
    // Of an op, however often it is called.
    let mut seen = HashSet::new();
    for (node, step) in nodes.iter().zip(steps) {
        let op = &node.op;
        // An observation looks each time: that is what it is for.
        let looks = step.check.is_some() || step.observes.is_some();
        step.memoize = op.memoize.is_some() && step.assets.is_empty() && !looks;
        let dynamic = op.outputs().iter().find(|output| output.kind == OutputKind::Dynamic);
        let Some(dynamic) = dynamic.filter(|_| step.memoize && seen.insert(Arc::as_ptr(op))) else {
            continue;
        };
        let name = op.name();
        let message = format!("`{name}` is memoized, and its output `{}` is dynamic", dynamic.name);
        problems.push(Problem::new(ProblemKind::NotMemoized, message).at("the op", op.place.clone()).hint(
            "memoize the ops in its map, whose steps are then passed over each by itself; or let it return a list, `Vec<T>`",
        ));
    }
}

impl Plan {
    /// Whether steps are memoized.
    pub(crate) fn has_memoized(&self) -> bool {
        self.steps.iter().any(|step| step.memoize)
    }

    /// The outputs for whose sake a memoized step always runs: its own that are not kept, so that nobody could take them, and
    /// those that it takes and of which no version is known, since they live in memory alone.
    #[must_use]
    pub fn never_memoized(&self, step: &Step) -> Vec<String> {
        if !step.memoize {
            return Vec::new();
        }
        let own = step.outputs.iter().filter(|output| output.kept == Kept::Memory);
        let mut taken = BTreeSet::new();
        step.inputs.iter().for_each(|input| self.add_taken(&input.source, &mut taken));
        let is_lost =
            |&(step, output): &(usize, usize)| self.steps[step].outputs[output].kept == Kept::Memory;
        let taken = taken.into_iter().filter(is_lost).map(|(step, output)| self.output_name(step, output));
        own.map(|output| output.name.clone()).chain(taken).collect()
    }
}
