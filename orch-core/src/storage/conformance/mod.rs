//! What every storage is held to. A backend's tests call [`check`], and nothing else need be known of it.

mod assets;
mod backfills;
pub mod boundaries;
mod checks;
mod files;
mod keys;
mod memos;
mod runs;
mod samples;
mod status;
mod writing;

pub use backfills::backfill;
pub use samples::{
    asset, check as check_of_asset, events_of_each_kind, failed, failed_look, memoized, observation,
    observation_of_nothing, of_partition, passed_over, pinned, step,
};

use super::Storage;

/// A promise, and what finds out whether a storage that is still empty keeps it. It panics if not.
type Case = (&'static str, fn(&dyn Storage));

/// The promises, by name.
pub const CASES: [Case; 42] = [
    ("a run that was made is listed", runs::made),
    ("runs are found by each thing that can be asked for", runs::queried),
    ("runs are found by the beginning of their identifiers", runs::begin_with),
    ("a run that is not there is told", runs::missing),
    ("a run is made once", runs::made_once),
    ("a run is held by one", runs::held),
    ("a run that is removed is gone", runs::removed),
    ("the list is corrected by the events", runs::corrected),
    ("events of every kind are read as they were written", writing::round_trip),
    ("values lie with their events", writing::values),
    ("log lines are found by step, level and text", writing::logs),
    ("a run that is taken up again goes on", writing::reopened),
    ("files are read as they were written, and replaced", files::replaced),
    ("files are whole, of safe names, and what was written", files::refused),
    ("facts about assets are read as they were told", assets::told),
    ("facts are found by each thing that can be asked for, the newest first", assets::queried),
    ("of what others make is known which version was observed, beside what was made", assets::observed),
    ("a run that is taken up again tells no fact twice", assets::told_once),
    ("facts outlive their run, with the latest values", assets::outlive),
    ("files of assets are of no run", assets::files),
    ("it is known which partitions are materialized, and at which the last attempt failed", status::told),
    ("that a partition was observed does not say that it was made", status::observed),
    ("what was observed as not there is missing until it is", status::not_there),
    ("that a look failed is told until it is observed", status::unseen),
    ("what failed and was passed over since stands as it should", status::passed_over),
    ("partitions keep their state while keys are added and removed", status::of_keys),
    ("what failed outlives its run, and is told once", status::outlive),
    ("what checks have found is read as it was told, once", checks::told),
    ("it is found by each thing that can be asked for, the newest first", checks::queried),
    ("of partitions it is known what was found last of each", checks::of_partitions),
    ("it outlives its run", checks::outlive),
    ("what memoized steps were made of is found by op and run, the newest first", memos::queried),
    ("of each recipe of an op and code it is known which step has given it last", memos::latest),
    ("it goes with its run", memos::removed),
    ("a backfill that was made is listed, once", backfills::made),
    ("a backfill is held by one", backfills::held),
    ("marks of a backfill are read as they were made", backfills::marked),
    ("no run is made of a backfill that was canceled", backfills::admitted),
    ("keys are added to a set once, and removed", keys::changed),
    ("a key has its number for ever", keys::numbered),
    ("keys that cannot be are refused, all of them, and nothing is changed", keys::refused),
    ("who adds keys at once loses none", keys::together),
];

/// Checks all promises, each of a storage that `empty` makes.
///
/// # Panics
/// If a promise is not kept; it is named on stderr, as the failing test says where.
pub fn check(mut empty: impl FnMut() -> Box<dyn Storage>) {
    for (promise, keeps) in CASES {
        let storage = empty();
        let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| keeps(&*storage)));
        assert!(kept.is_ok(), "{}: not kept: {promise}", storage.describe());
    }
}
