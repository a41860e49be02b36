//! What happened: the only interface between the engine and everything that shows or stores a run.

mod kind;
mod sink;

pub use kind::{Event, EventKind, LogLevel, PlannedStep, SkipCause, StreamName};
pub use sink::{Discard, Sink, Tee};
