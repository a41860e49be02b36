//! What happened: the only interface between the engine and everything that shows or stores a run.

mod cause;
mod fold;
mod journal;
mod kind;
mod recorded;
#[cfg(test)]
pub(crate) mod sample;
mod sink;
mod view;

pub use cause::{LostCause, SkipCause};
pub use fold::RunView;
pub use journal::{Encoded, Entry, Journal, Logged};
pub use kind::{Event, EventKind, GivenBy, LogLevel, PlannedStep, StreamName, Taken};
pub use sink::{Sink, Tee};
pub use view::{
    AttemptView, CanceledStep, CheckView, Counts, Detail, FailedStep, HookError, LiveStep, OpView,
    ResourceState, ResourceView, RunStatus, StepState, StepView, StreamView, Total,
};

pub(crate) use recorded::{Recorded, RecordedEnd, RecordedItem, RecordedStep, RecordedStream, RecordedValue};
pub(crate) use view::between;
