//! A program with a subscriber of its own: one for the whole process, hence a test binary of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::cell::RefCell;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Once};

use orch_core::define::{JobOptions, One, OpDef};
use orch_core::event::{Event, EventKind};
use orch_core::graph::{Call, Job};
use orch_core::step::LogLayer;
use tracing_subscriber::layer::SubscriberExt as _;

fn subscribe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(LogLayer)).unwrap();
    });
}

#[test]
fn a_sink_that_logs_what_it_is_told_does_not_wait_for_itself() {
    subscribe();
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

/// What a thread keeps for itself, and says goodbye.
struct Farewell(Sender<()>);

impl Drop for Farewell {
    fn drop(&mut self) {
        tracing::info!("the thread ends");
        self.0.send(()).unwrap();
    }
}

thread_local! {
    static FAREWELL: RefCell<Option<Farewell>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_that_logs_while_its_values_are_dropped_ends_in_peace() {
    subscribe();
    let (said, farewell) = mpsc::channel();
    let op = Arc::new(OpDef::builder("op").returns::<One<i64, 0>>().asynchronous(|_| async {
        tracing::info!("from the op");
        Ok(1)
    }));
    let job = Job::compose(JobOptions::new("job"), || Call::of(&op).place::<One<i64, 0>>());
    let thread = std::thread::spawn(move || {
        // A thread's values are dropped in the reverse of the order of their first use: this one after those of the run,
        // whose step worked on this very thread.
        FAREWELL.set(Some(Farewell(said)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(job.run()).unwrap();
    });
    thread.join().unwrap();
    farewell.recv().unwrap();
}
