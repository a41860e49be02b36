//! Checks of assets: when they look, what follows from what they find, and what is kept of it.

mod around;
mod failing;
mod mistakes;
mod partitions;
mod stories;

use std::sync::Arc;

use orch::asset::{CheckEvaluation, EvaluationQuery};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::Storage;

/// What happened in a run, be it a success or a failure, in one thread of execution.
fn story(ran: &Result<Run, RunError>) -> String {
    let run = match ran {
        Ok(run) => run,
        Err(error) => error.run().expect("it began"),
    };
    let wanted = |kind: &str| !matches!(kind, "STEP_INPUT" | "STEP_OUTPUT" | "HANDLED_OUTPUT" | "STEP_START");
    orch::report::story(run.events().iter().filter(|event| wanted(event.kind.name())))
}

/// Runs this job, one step at a time.
fn run(definitions: &Definitions, job: &Job, storage: &Arc<dyn Storage>) -> Result<Run, RunError> {
    definitions.runner(job).record(storage).max_concurrent(1).keep_outputs().keep_events().run_blocking()
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selection: &str,
) -> Result<Run, RunError> {
    run(definitions, &definitions.materialize(&selection.parse().expect("a selection")), storage)
}

/// Lets the checks of a selection look, and nothing else.
fn check(definitions: &Definitions, storage: &Arc<dyn Storage>, selection: &str) -> Result<Run, RunError> {
    run(definitions, &definitions.check_assets(&selection.parse().expect("a selection")), storage)
}

/// What checks have found, the oldest first, without what differs from run to run.
fn found(storage: &Arc<dyn Storage>) -> String {
    let facts = storage.evaluations(&EvaluationQuery::default()).expect("what is known");
    let told = |fact: &CheckEvaluation| {
        let (passed, why) = (fact.result.passed, fact.result.description.as_deref().unwrap_or_default());
        let word = if passed { "passed" } else { fact.result.severity.name() };
        let target = match &fact.target {
            Some(target) if target.run == fact.run => "what its run has made",
            Some(_) => "what an earlier run has made",
            None => "nothing known",
        };
        format!("{} {}: {word} {why} ({target})", fact.asset, fact.check)
    };
    facts.iter().rev().map(told).collect::<Vec<_>>().join("\n")
}
