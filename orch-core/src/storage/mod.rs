//! What remains of runs when the process is gone: the records of runs, their events, the values of their outputs.
//!
//! A [`Storage`] is where it lies: a folder (`orch-sqlite`), or [`Memory`] for tests. It is made of small ports, one for
//! each concern, what reads apart from what writes; a backend implements them all and is held to
//! the suite `conformance`, behind the feature `testing`.

mod backfill;
#[cfg(feature = "testing")]
pub mod conformance;
mod facts;
mod memory;
mod name;
mod port;
mod query;
mod record;
mod row;
mod state;
mod status;
mod watch;

// What a storage has to do with, and the vocabulary has already, since steps write files.
pub use crate::io::{
    ArtifactRef, Artifacts, Holder, StorageError, StorageErrorKind, around, boundary, start_process,
};

pub(crate) use backfill::UNIT_TAG;
pub use backfill::{
    BACKFILL_TAG, BackfillGroup, BackfillMark, BackfillMarks, BackfillRecord, BackfillTakes, HoldBackfill,
    Refused, Unit,
};
pub use facts::{AssetRecord, Facts};
pub use memory::Memory;
pub use name::check_name;
pub use port::{
    ReadAssets, ReadBackfills, ReadEvents, ReadKeySets, ReadRuns, Storage, WriteBackfills, WriteEvents,
    WriteKeySets, WriteRuns,
};
pub use query::{LogQuery, RunQuery};
pub use record::{Made, Pinned, PinnedPartitions, RunRecord};
pub use row::Row;
pub use state::RunState;
pub use status::PartitionStatus;
pub use watch::{Unwoken, Watch};
