use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table};
use super::super::words::count;
use super::partitions::{set_as_json, stretches};
use crate::asset::AssetKey;
use crate::partition::{Keyspace, PartitionSet};
use crate::storage::PartitionStatus;

/// The partitions of an asset at a moment, by their bitmaps alone: of millions it costs no more than of a few.
#[derive(Clone, Debug)]
pub struct ShownPartitions<'a> {
    key: &'a AssetKey,
    keyspace: &'a Keyspace,
    existing: PartitionSet,
    materialized: PartitionSet,
    failed: PartitionSet,
}

impl<'a> ShownPartitions<'a> {
    /// Of an asset with these partitions, as far as they exist.
    #[must_use]
    pub fn of(key: &'a AssetKey, keyspace: &'a Keyspace, status: &PartitionStatus, now: Timestamp) -> Self {
        let existing = keyspace.all(now);
        let (materialized, failed) = (&status.materialized & &existing, &status.failed & &existing);
        Self { key, keyspace, existing, materialized, failed }
    }

    /// Those that are materialized, as a text that selects them.
    #[must_use]
    pub fn materialized(&self) -> String {
        self.keyspace.show(&self.materialized)
    }

    /// Those whose last attempt failed, in the same way.
    #[must_use]
    pub fn failed(&self) -> String {
        self.keyspace.show(&self.failed)
    }

    /// Those that were never materialized, in the same way.
    #[must_use]
    pub fn missing(&self) -> String {
        self.keyspace.show(&self.never())
    }

    fn never(&self) -> PartitionSet {
        &self.existing - &self.materialized
    }
}

/// How many partitions of an asset there are, and for each state how many are in it, and which. One that has failed is also among
/// those that are materialized, or missing. Ends with a line break.
#[must_use]
pub fn asset_partitions(shown: &ShownPartitions<'_>, palette: Palette) -> String {
    let row = |role, state, set: &PartitionSet| {
        [Cell::of(role, state), set.len().to_string().into(), stretches(shown.keyspace, set).into()]
    };
    let rows = vec![
        row(Role::Good, "materialized", &shown.materialized),
        row(if shown.failed.is_empty() { Role::Faint } else { Role::Bad }, "failed", &shown.failed),
        row(Role::Skip, "missing", &shown.never()),
    ];
    let all = count(shown.existing.len(), "partition", "partitions");
    let key = palette.paint(Role::Name, shown.key.as_str());
    format!("{key} has {all}\n{}", table(["state", "count", "partitions"], rows, palette))
}

/// The same as JSON, with all stretches of keys, both ends included.
#[must_use]
pub fn asset_partitions_as_json(shown: &ShownPartitions<'_>) -> Value {
    let of = |set: &PartitionSet| set_as_json(shown.keyspace, set);
    json!({
        "asset": shown.key,
        "existing": shown.existing.len(),
        "materialized": of(&shown.materialized),
        "failed": of(&shown.failed),
        "missing": of(&shown.never()),
    })
}
