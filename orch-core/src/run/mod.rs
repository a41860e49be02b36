//! Running a job: from its plan to its end, and what remains.

mod definitions;
mod finished;
mod runner;

pub use definitions::Definitions;
pub use finished::{OutputError, Run, RunError, RunErrorKind};
pub use runner::Runner;
