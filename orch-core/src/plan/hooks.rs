use std::sync::Arc;

use super::{Problem, ProblemKind};
use crate::define::HookDef;
use crate::graph::GraphNode;

/// What the types make sure of in macro-made jobs, for those made by hand.
pub(super) fn check(nodes: &[GraphNode], names: &[String], problems: &mut Vec<Problem>) {
    for (node, name) in nodes.iter().zip(names) {
        for hook in node.hooks.iter().filter(|hook| hook.is_of_runs()) {
            let message =
                format!("`{}` is a hook of runs, and is attached to the step `{name}`", hook.name());
            problems.push(
                Problem::new(ProblemKind::InvalidHook, message)
                    .at("the step", node.place.clone())
                    .at("the hook", hook.place().clone())
                    .hint("attach it to the job, `JobOptions::new(..).hook(..)`, or to the run, `job.runner().with_hook(..)`"),
            );
        }
    }
}

/// A hook that would never be called is a mistake, wherever it is attached; it is told once.
pub(crate) fn check_called<'a>(hooks: impl Iterator<Item = &'a Arc<HookDef>>, problems: &mut Vec<Problem>) {
    let mut seen: Vec<&Arc<HookDef>> = Vec::new();
    for hook in hooks.filter(|hook| hook.on().is_empty()) {
        if seen.contains(&hook) {
            continue;
        }
        seen.push(hook);
        problems.push(
            Problem::new(
                ProblemKind::InvalidHook,
                format!("the hook `{}` is called for nothing", hook.name()),
            )
            .at("the hook", hook.place().clone())
            .hint("name an outcome, `.on([StepOutcome::Failed])`, or leave `.on(..)` out"),
        );
    }
}

/// The names of hooks, for a plan.
pub(crate) fn names(hooks: &[Arc<HookDef>]) -> Vec<String> {
    hooks.iter().map(|hook| hook.name().to_owned()).collect()
}
