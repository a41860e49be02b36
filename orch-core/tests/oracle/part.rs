//! Parts of random jobs: whatever of a job runs again, with the rest from the run before, gives what it gave.

use orch_core::plan::{Plan, ProblemKind};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::describe::{Node, nodes};
use super::{Outcome, RUNTIME, draw, outcome, run_of};

#[test]
fn a_part_gives_what_the_whole_gave() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let end = || prop::sample::select(vec!["", "*", "+", "++"]);
    let clause = (any::<Index>(), any::<bool>(), end(), end());
    let case = (nodes(3), prop::collection::vec(clause, 1..3), 1..4_usize, 1..4_usize);
    let checked = TestRunner::new(config)
        .run(&case, |(nodes, clauses, slots, in_flight)| check(&nodes, &clauses, slots, in_flight));
    if let Err(error) = checked {
        panic!("{error}");
    }
}

type Clause = (Index, bool, &'static str, &'static str);

fn check(nodes: &[Node], clauses: &[Clause], slots: usize, in_flight: usize) -> Result<(), TestCaseError> {
    let (job, given, reads) = draw::job(nodes);
    let runner = || job.runner().keep_outputs().keep_events().max_concurrent(slots).max_in_flight(in_flight);
    let ended = RUNTIME.block_on(runner().run());
    let whole_run = run_of(&ended);
    let whole = outcome(whole_run, &given, &reads);
    let paths: Vec<&String> = whole.ends.keys().collect();
    if paths.is_empty() {
        return Ok(());
    }
    let clause = |(path, item, up, down): &Clause| {
        let path = path.get(&paths);
        let name = path.split('[').next().unwrap_or_default();
        format!("{up}{}{down}", if *item { path.as_str() } else { name })
    };
    let text = clauses.iter().map(clause).collect::<Vec<_>>().join(", ");
    let part = runner().select(text.parse().unwrap()).upstream(whole_run);
    let plan = match part.plan() {
        Ok(plan) => plan,
        Err(error) => {
            let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
            let expected = |kind| matches!(kind, ProblemKind::MissingInput | ProblemKind::UnknownItem);
            prop_assert!(kinds.into_iter().all(expected), "{text}: {error}");
            return Ok(());
        }
    };
    // Who waits for a step that is not selected runs even if that one was skipped.
    if waits(&plan) != waits(&job.plan()) {
        return Ok(());
    }
    let ended = RUNTIME.block_on(part.run());
    let part = outcome(run_of(&ended), &given, &reads);
    prop_assert!(!part.ends.is_empty(), "{text} of\n{plan}");
    for path in part.ends.keys() {
        let step = plan.step(path.split('[').next().unwrap_or_default()).unwrap();
        let only = step.only.is_empty() || step.only.iter().any(|only| path.starts_with(only.as_str()));
        prop_assert!(only && !step.given, "{text}: {path} ran in\n{plan}");
    }
    same(&part, &whole)
        .map_err(|path| TestCaseError::fail(format!("{text}: {path} in\n{plan}\n{part:#?}\n{whole:#?}")))
}

/// Which steps of the plan come after others, of those that run.
fn waits(plan: &Plan) -> usize {
    plan.steps.iter().map(|step| step.after.len()).sum()
}

/// The first step that ended otherwise, was given something else or gave it.
fn same(part: &Outcome, whole: &Outcome) -> Result<(), String> {
    // Who left something out is another one if it stands between what is given and what runs.
    let kind = |end: &String| end.rsplit(' ').next().map(str::to_owned);
    for (path, end) in &part.ends {
        let ended = whole.ends.get(path).is_some_and(|other| kind(other) == kind(end));
        let fed = part.inputs.get(path) == whole.inputs.get(path);
        let gave = part.outputs.get(path) == whole.outputs.get(path);
        if !(ended && fed && gave) {
            return Err(path.clone());
        }
    }
    Ok(())
}
