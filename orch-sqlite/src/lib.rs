//! Runs that survive: a [`Folder`] keeps them, as the ports of [`orch_core::storage`] ask for.
//!
//! ```text
//! .orch/
//!   instance.db            the list of runs, and what is known of assets
//!   instance.lock          locked for each write to the list, so that writers wait in a queue of the system's; names the last
//!   keys.db                the sets of keys that dynamic partitions are, once there is one
//!   runs/<run>/run.db      what the run was begun with, its events, log lines and small values
//!   *.db-doubt             beside a database whose write-ahead log the disk has refused to keep, until it is written anew
//!   runs/<run>/holder      locked by the process that runs it, for as long as that lives
//!   runs/<run>/artifacts/  larger values
//!   assets/                larger values of assets, of whichever run
//!   backfills/<backfill>/  what it was launched with, what was marked since, and `holder`, as of a run
//! ```
//!
//! Each run has a database of its own with one writer, its holder, so programs on one folder never wait for each other
//! but for the short writes of the list. Readers have connections of their own and see what was committed when they began.
//! The lock of the holder is the system's: when its process dies, whichever way, nobody holds the run.
//!
//! The list is a projection of the events, and so are the facts about assets beside it, which stay when their runs are
//! removed. What a process could not put into it before it died is put there by whoever
//! lists the run next.

mod backfills;
mod durability;
mod error;
mod facts;
mod files;
mod folder;
mod keys;
mod list;
mod lock;
mod log;
mod runs;
mod schema;
mod settle;
mod sum;
mod upkeep;
mod watch;
mod write;

pub use durability::Durability;
pub use folder::Folder;
pub use list::Waiting;
pub use lock::host;
pub use upkeep::{BackedUp, Collected, Finding, Info, Parcel, Retention};
