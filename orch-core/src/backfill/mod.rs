//! Backfills: one operation that makes many partitions of assets by many runs, and outlives the process that began it.
//!
//! ```text
//! Launch ─▶ BackfillRecord ─▶ Units ─▶ Schedule ─▶ runs ─▶ Progress ─▶ BackfillStatus
//! what is asked  what is kept   pure     pure       tagged    read of the runs
//! ```
//!
//! What is kept is what was asked for, pinned to the definitions that it was asked of, and a few marks. All else is derived:
//! of which units it consists is computed, and what has become of each its runs tell, which bear the
//! backfill and the unit as tags. So a process that dies loses nothing but time: whoever goes on finds all that is done,
//! resumes the runs that were interrupted, and begins the others.
//!
//! ```
//! # use std::sync::Arc;
//! # use orch_core::define::{OpDef, One};
//! # use orch_core::graph::{AssetDef, Call};
//! # use orch_core::io::{Coded, DefaultCoded as _};
//! # use orch_core::partition::{ByTime, Partition, Partitioning, PartitionsDefinition, TimePartitions};
//! # use orch_core::run::Definitions;
//! # use orch_core::storage::{Memory, Storage};
//! # let op = OpDef::builder("answer").returns::<One<i64, 0>>().blocking(|_| Ok(42)).into();
//! # let answer = AssetDef::builder("answer").drawn::<i64>(Coded::<i64>::CODEC, move |_| Call::of(&op).place::<One<i64, 0>>());
//! # let definitions = Definitions::new().assets([Arc::new(answer)]);
//! # let storage: Arc<dyn Storage> = Arc::new(Memory::new());
//! # let asked = |definitions: &Definitions| definitions.runner(&definitions.materialize(&"*".parse().unwrap()));
//! let backfill = definitions.backfill(asked(&definitions)).max_concurrent(2).launch(&storage)?;
//! let status = backfill.run_blocking()?;
//! assert!(status.is_success());
//! # Ok::<(), orch_core::backfill::BackfillError>(())
//! ```

mod causes;
mod drive;
mod error;
mod event;
mod lacking;
mod launch;
mod progress;
mod schedule;
mod status;
mod stops;
#[cfg(test)]
mod tests;
mod units;

pub use drive::Backfill;
pub use error::BackfillError;
pub use event::{BackfillEvent, Makes};
pub use launch::Launch;
pub use status::{AssetProgress, BackfillStatus, FailedUnit};
