//! Ops in a line, and a run's events as a story without times.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use orch_core::define::{Dynamic, JobOptions, One, OpBuilder, OpDef, Optional};
use orch_core::event::{Event, EventKind, SkipCause};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job, Out};
use orch_core::io::Coded;
use orch_core::run::{Run, RunError};

pub(crate) type Plain = One<i64, 0>;
pub(crate) type Maybe = One<Optional<i64>, 1>;
pub(crate) type Many = One<Dynamic<i64>, 2>;

/// An op without inputs.
pub(crate) fn give(
    name: &str,
    body: impl Fn() -> Result<i64, Failure> + Send + Sync + 'static,
) -> Arc<OpDef> {
    OpDef::builder(name).returns::<Plain>().coded([Coded::<i64>::CODEC]).blocking(move |_| body()).into()
}

/// An op that passes its input on.
pub(crate) fn pass(name: &str) -> Arc<OpDef> {
    let op = OpDef::builder(name).input::<i64>("x").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    op.blocking(|mut args| args.take::<i64>(0)).into()
}

/// An async op without inputs that passes on what its future gives.
pub(crate) fn future<F>(op: OpBuilder<()>, body: impl Fn() -> F + Send + Sync + 'static) -> Arc<OpDef>
where
    F: Future<Output = Result<i64, Failure>> + Send + 'static,
{
    op.returns::<Plain>().asynchronous(move |_| body()).into()
}

#[track_caller]
pub(crate) fn call(op: &Arc<OpDef>, inputs: &[Out<i64>]) -> Out<i64> {
    inputs.iter().fold(Call::of(op), |call, &input| call.input::<i64>(input)).place::<Plain>()
}

/// A job of one slot, so that its events have one order.
pub(crate) fn job<R>(body: impl FnOnce() -> R) -> Job {
    Job::compose(JobOptions::new("job").max_concurrent(1), body)
}

/// The run, whether it succeeded or not.
pub(crate) fn run_of(result: &Result<Run, RunError>) -> &Run {
    match result {
        Ok(run) => run,
        Err(error) => error.run().unwrap_or_else(|| panic!("{error}")),
    }
}

/// A story of the events of a run.
pub(crate) fn story(run: &Run) -> String {
    tell(run.events())
}

pub(crate) fn tell(events: &[Event]) -> String {
    let mut story = String::new();
    for event in events {
        if let Some(line) = line(event) {
            let _ = writeln!(story, "{line}");
        }
    }
    story
}

/// Name, step, attempt if it is not the first, and details; none for inputs.
fn line(event: &Event) -> Option<String> {
    let mut line = event.kind.name().to_owned();
    if let Some(step) = &event.step {
        let _ = write!(line, " {step}");
    }
    if event.attempt > 1 {
        let _ = write!(line, " #{}", event.attempt);
    }
    let _ = match &event.kind {
        EventKind::StepInput { .. } => return None,
        EventKind::Log { level, message, fields, .. } => write!(line, " {level:?} {message} {fields:?}"),
        EventKind::StepOutput { key: Some(key), .. } => write!(line, " [{key}]"),
        EventKind::HandledOutput { output, io, metadata, .. } => {
            write!(line, " {output} by {io} {metadata:?}")
        }
        EventKind::StreamClosed { count, .. } => write!(line, " {count}"),
        EventKind::StepUpForRetry { error, delay, .. } => write!(line, " in {delay:?}: {}", error.message),
        EventKind::StepFailure { error, .. } => write!(line, ": {:?} {}", error.kind, error.message),
        EventKind::StepSkipped { cause: SkipCause::Failed(step), .. } => write!(line, ": {step} failed"),
        EventKind::StepSkipped { cause: SkipCause::Absent(step), .. } => write!(line, ": {step} left it out"),
        EventKind::StepSkipped { cause: SkipCause::Canceled, .. } => write!(line, ": canceled"),
        EventKind::HookCompleted { hook, .. } => write!(line, " {hook}"),
        EventKind::HookErrored { hook, error, .. } => {
            write!(line, " {hook}: {:?} {}", error.kind, error.message)
        }
        EventKind::RunCanceled { detached, .. } => write!(line, " {detached:?}"),
        _ => Ok(()),
    };
    Some(line)
}

/// Something that many threads write down in one list.
#[derive(Clone)]
pub(crate) struct Notes<T>(Arc<Mutex<Vec<T>>>);

impl<T> Notes<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(crate) fn add(&self, note: T) {
        self.0.lock().unwrap().push(note);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
