//! Running a job: from its plan to its end, and what remains.

mod archive;
mod assets;
mod check;
mod config;
mod configure;
mod definitions;
mod environment;
mod error;
mod execute;
mod finished;
mod fixed;
mod folded;
mod foreign;
mod gone_on;
mod in_progress;
mod instance;
mod isolated;
mod itself;
mod keeper;
mod lifecycle;
mod lineage;
mod loader;
mod opened;
mod part;
mod partitions;
mod pin;
mod place;
mod recall;
mod recipes;
mod record;
mod rerun;
mod resume;
mod runner;
mod runtime;
mod schema;
mod standing;
mod stored;
mod values;
mod verify;
mod wiring;
#[cfg(unix)]
mod worker;

pub(crate) use execute::PARTITION_TAG;
pub(crate) use pin::Pin;

pub use definitions::Definitions;
pub use environment::Environment;
pub use error::{RunError, RunErrorKind, StepError};
pub use finished::{OutputError, Run};
pub use in_progress::InProgress;
pub use isolated::worker;
pub use rerun::Rerun;
pub use runner::Runner;
pub use standing::{LatestFacts, Making, PartitionStandings, Standing, Standings, ToMake};
pub(crate) use standing::{Sets, is_unknown};
pub use verify::{CheckError, CheckSummary, Finding, FindingKind, FoundAt};
