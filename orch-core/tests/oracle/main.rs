//! Random jobs, run for real, against plain nested loops over the same description.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod describe;
mod draw;
mod expect;
mod part;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use orch_core::define::Order;
use orch_core::event::{EventKind, SkipCause};
use orch_core::run::{Run, RunError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use self::describe::{Node, nodes};
use self::draw::{Given, Read};

/// What became of the steps of a run, by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// `ok`, `failed`, or why it was skipped.
    ends: BTreeMap<String, String>,
    /// The outputs of those that succeeded.
    outputs: BTreeMap<String, Vec<(String, i64)>>,
    /// What the last attempt of each step was given.
    inputs: BTreeMap<String, String>,
    attempts: BTreeMap<String, u32>,
}

/// One for all cases: a runtime for each would take most of the time.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

#[test]
fn a_run_gives_what_nested_loops_give() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let case = (nodes(3), 1..5_usize, 1..5_usize, any::<bool>());
    let checked = TestRunner::new(config).run(&case, |(nodes, slots, in_flight, depth_first)| {
        let order = if depth_first { Order::DepthFirst } else { Order::BreadthFirst };
        let actual = run(&nodes, slots, in_flight, order);
        prop_assert_eq!(actual, expect::evaluate(&nodes));
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

fn run(nodes: &[Node], slots: usize, in_flight: usize, order: Order) -> Outcome {
    let (job, given, reads) = draw::job(nodes);
    let runner = job.runner().keep_outputs().keep_events().max_concurrent(slots).max_in_flight(in_flight);
    let ended = RUNTIME.block_on(runner.order(order).run());
    outcome(run_of(&ended), &given, &reads)
}

/// The run, whether it succeeded or not.
fn run_of(ended: &Result<Run, RunError>) -> &Run {
    match ended {
        Ok(run) => run,
        Err(error) => error.run().unwrap_or_else(|| panic!("{error}")),
    }
}

fn outcome(run: &Run, given: &Given, reads: &[Read]) -> Outcome {
    let mut outcome = Outcome { inputs: std::mem::take(&mut *given.lock().unwrap()), ..Outcome::default() };
    for event in run.events() {
        let Some(step) = event.step.as_ref().map(ToString::to_string) else { continue };
        let end = match &event.kind {
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } => {
                outcome.attempts.insert(step, event.attempt);
                continue;
            }
            EventKind::StepSuccess => "ok".to_owned(),
            EventKind::StepFailure { .. } => "failed".to_owned(),
            EventKind::StepSkipped { cause: SkipCause::Absent(path), .. } => format!("{path} left it out"),
            EventKind::StepSkipped { cause: SkipCause::Failed(path), .. } => format!("{path} failed"),
            _ => continue,
        };
        let before = outcome.ends.insert(step, end);
        assert_eq!(before, None, "a step ends once");
    }
    outcome.outputs = reads.iter().flat_map(|read| read(run)).collect();
    outcome
}
