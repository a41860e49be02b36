//! Running a job: from its plan to its end, and what remains.

mod definitions;
mod error;
mod finished;
mod keeper;
mod runner;
mod runtime;
mod stored;

pub use definitions::Definitions;
pub use error::{RunError, RunErrorKind, StepError};
pub use finished::{OutputError, Run};
pub use runner::Runner;
