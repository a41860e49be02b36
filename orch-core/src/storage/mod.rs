//! What remains of runs when the process is gone: the records of runs, their events, the values of their outputs.
//!
//! A [`Storage`] is where it lies: a folder (`orch-sqlite`), or [`Memory`] for tests. It is made of small ports, one for
//! each concern, what reads apart from what writes; a backend implements them all and is held to
//! [`conformance`](crate::storage::conformance).

mod error;
mod port;
mod query;
mod record;

pub use error::{Holder, StorageError, StorageErrorKind};
pub use port::{ReadEvents, ReadRuns, Storage, WriteEvents, WriteRuns};
pub use query::{LogQuery, RunQuery};
pub use record::{Made, Pinned, RunRecord};
