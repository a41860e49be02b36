//! A program with a subscriber of its own: one for the whole process, hence a test binary of its own.

use std::sync::Arc;

use orch_core::define::{JobOptions, One, OpDef};
use orch_core::event::{Event, EventKind};
use orch_core::graph::{Call, Job};
use orch_core::step::LogLayer;
use tracing_subscriber::layer::SubscriberExt as _;

#[test]
fn a_sink_that_logs_what_it_is_told_does_not_wait_for_itself() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(LogLayer)).unwrap();
    let op = OpDef::builder("op").returns::<One<i64, 0>>().blocking(|_| {
        tracing::info!("from the op");
        Ok(1)
    });
    let op = Arc::new(op);
    let job = Job::compose(JobOptions::new("job"), || Call::of(&op).place::<One<i64, 0>>());
    let runner =
        job.runner().keep_events().sink(|event: &Event| tracing::info!("told of {}", event.kind.name()));
    let run = runner.run_blocking().unwrap();
    let lines: Vec<_> = run
        .events()
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Log { message, .. } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    // The sink's lines are told while the step's code is on the thread, and are not the step's.
    assert_eq!(lines, ["from the op"]);
}
