//! Partitions: what an asset or a job is divided into, by time, by names, or by several of these.
//!
//! ```text
//! PartitionsDefinition ─resolve─▶ Keyspace ─select, all, missing─▶ PartitionSet ─Link─▶ PartitionSet
//! a declaration           keys ⇄ indexes                     a bitmap               of the asset before or behind
//! ```
//!
//! A [`PartitionsDefinition`] is plain data, which a run can keep. Resolved, it is a [`Keyspace`], in which each partition has an
//! index: windows of time are computed from theirs, never enumerated, so that millions cost what a few do. What is known of
//! partitions is a [`PartitionSet`] of indexes for each state, a compressed bitmap. A [`Link`] says which upstream partitions
//! others need, by a [`PartitionMapping`] or as it follows from the definitions. A [`Partition`] is what code is given, and
//! [`Partitions`] are the values of several.
//!
//! Nothing here reads a clock: what exists at a time is asked with that time.
//!
//! ```
//! use orch_core::partition::{KeySets, PartitionSet, PartitionsDefinition, TimePartitions};
//!
//! let hours = TimePartitions::hourly("2023-11-01").in_zone("America/Los_Angeles");
//! let hours = PartitionsDefinition::from(hours).resolve(&KeySets::new())?;
//! let now = "2023-11-08T00:00:00-08:00".parse()?;
//!
//! let failed = hours.select("2023-11-05-01:00-0800, 2023-11-06-00:00..2023-11-06-05:00", now)?;
//! let again = &failed & &hours.select("2023-11-06-00:00..", now)?;
//! assert_eq!(hours.show(&again), "2023-11-06-00:00..2023-11-06-05:00");
//!
//! let materialized = PartitionSet::from_bytes(&PartitionSet::from(0..168).to_bytes())?;
//! assert_eq!(hours.show(&hours.missing(&materialized, now)), "2023-11-07-23:00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What an index is worth
//!
//! An index belongs to a definition: it stays what it is while time goes on and while keys are added to dynamic sets and
//! removed from them, but not when the definition is changed. It also belongs to the time zone rules of the program: should
//! a zone have changed its clock otherwise than the program knew, windows of a cron that ticks in each hour are counted
//! otherwise from that change on. Sets that are kept for longer than that are kept with the definition, and moved by their
//! keys.

mod axis;
mod definition;
mod dynamic;
mod error;
mod held;
mod key;
mod keyspace;
mod listing;
mod mapping;
mod product;
mod select;
mod set;
#[cfg(test)]
mod tests;
mod time;
mod typed;
mod values;

/// A day of the week, on which weeks begin.
pub use jiff::civil::Weekday;

pub use axis::quoted;
pub(crate) use axis::shell;
pub use definition::{PartitionsDefinition, ProductPartitions};
pub use dynamic::{ChangedKeys, KeySet, KeySets, check_keys};
pub use error::{PartitionError, PartitionErrorKind};
pub use held::DynamicPartitions;
pub(crate) use held::{HoldsKeys, KeysInMemory};
pub use key::{MultiKey, PartitionKey};
pub use keyspace::Keyspace;
pub use mapping::{Link, MappedPartitions, PartitionMapping};
pub use select::KeyRange;
pub use set::PartitionSet;
pub use time::{TimePartitions, TimeWindow};
pub(crate) use typed::another_kind;
pub use typed::{ByDimensions, ByKey, BySet, ByTime, Kind, Partition, Partitioning};
pub use values::Partitions;
