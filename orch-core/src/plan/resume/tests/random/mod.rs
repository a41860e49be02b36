//! Random jobs, run for real and cut off anywhere: what is to be done of them, against the rules as they are told.

#[path = "../../../../../tests/oracle/draw.rs"]
mod draw;

#[path = "../../../../../tests/oracle/describe.rs"]
mod describe;
mod rules;

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use self::describe::{Node, nodes};
use self::rules::Rules;
use super::*;
use crate::event::Event;

/// One for all cases: a runtime for each would take most of the time.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap_or_else(|error| panic!("{error}"))
});

#[test]
fn whatever_runs_again_has_what_it_needs_and_nothing_else_runs() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let case = (nodes(3), any::<Index>(), 1..4_usize, 1..4_usize, any::<u64>(), 0..5_u64);
    let checked = TestRunner::new(config).run(&case, |(nodes, cut, slots, in_flight, seed, tenths)| {
        check(&nodes, cut, (slots, in_flight), seed, tenths * 25)
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

fn check(
    nodes: &[Node],
    cut: Index,
    (slots, in_flight): (usize, usize),
    seed: u64,
    unreadable: u64,
) -> Result<(), TestCaseError> {
    let (job, _, _) = draw::job(nodes);
    let runner = job.runner().keep_events().max_concurrent(slots).max_in_flight(in_flight);
    let ended = RUNTIME.block_on(runner.run());
    let run = match &ended {
        Ok(run) => run,
        Err(error) => error.run().ok_or_else(|| TestCaseError::fail(error.to_string()))?,
    };
    let events = run.events();
    let prefix = &events[..=cut.index(events.len())];
    let program = Program::compile(&job).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut recorded = Recorded::default();
    for (event, number) in prefix.iter().zip(1..) {
        if let EventKind::StreamClosed { orphaned, orphans, .. } = &event.kind {
            prop_assert_eq!(*orphaned, orphans.len() as u64);
        }
        // As text has it: without positions of emission.
        let step = event.step.as_ref().map(|step| step.to_string().parse().expect("a path"));
        recorded.apply(&Logged { number, event: Event { step, ..event.clone() }, has_value: true });
    }
    let can_read = |path: &StepPath, key: Option<&MappingKey>| {
        let mut hasher = DefaultHasher::new();
        (seed, path, key).hash(&mut hasher);
        hasher.finish() % 100 >= unreadable
    };
    let asked = RefCell::new(HashSet::new());
    let readable = |value: &Asked<'_>| {
        let is_new = asked.borrow_mut().insert((value.path.clone(), value.output, value.key.cloned()));
        assert!(is_new, "a value is asked for once");
        if can_read(value.path, value.key) { Ok(()) } else { Err(LostCause::Memory) }
    };
    let resumption = Resumption::of(&program, &program.plan, &recorded, (&readable, &|_, _| None));
    let plan = &program.plan;
    let rules = Rules { plan, recorded: &recorded, resumption: &resumption, can_read: &can_read };
    let told = || {
        let events: Vec<_> = prefix
            .iter()
            .map(|event| format!("{} {:?} {:?}", event.kind.name(), event.step, event.attempt))
            .collect();
        format!("{plan}\n{}\n{resumption:#?}", events.join("\n"))
    };
    rules.check().map_err(|broken| TestCaseError::fail(format!("{broken}\n{}", told())))?;
    if recorded.end().is_some() {
        prop_assert!(resumption.interrupted.is_empty() && resumption.lost.is_empty());
    }
    Ok(())
}
