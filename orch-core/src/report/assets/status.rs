use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table};
use super::super::words::count;
use super::IN_PROGRESS;
use super::partitions::{set_as_json, stretches};
use crate::asset::AssetKey;
use crate::partition::{Keyspace, PartitionSet};
use crate::storage::PartitionStatus;

/// The partitions of an asset at a moment, by their bitmaps alone: of millions it costs no more than of a few.
///
/// Each is in one state: in progress, else failed, else materialized, else observed, else missing.
#[derive(Clone, Debug)]
pub struct ShownPartitions<'a> {
    key: &'a AssetKey,
    keyspace: &'a Keyspace,
    existing: PartitionSet,
    in_progress: PartitionSet,
    failed: PartitionSet,
    materialized: PartitionSet,
    observed: PartitionSet,
    missing: PartitionSet,
    /// Those in progress or failed that were materialized before.
    before: PartitionSet,
}

impl<'a> ShownPartitions<'a> {
    /// Of an asset with these partitions, as far as they exist, of which these are in progress.
    #[must_use]
    pub fn of(
        key: &'a AssetKey,
        keyspace: &'a Keyspace,
        status: &PartitionStatus,
        in_progress: &PartitionSet,
        now: Timestamp,
    ) -> Self {
        let existing = keyspace.all(now);
        let in_progress = in_progress & &existing;
        let failed = &(&status.failed & &existing) - &in_progress;
        let attempted = &in_progress | &failed;
        let made = &status.materialized & &existing;
        let (materialized, before) = (&made - &attempted, &made & &attempted);
        let untold = &(&existing - &made) - &attempted;
        let (observed, missing) = (&untold & &status.observed, &untold - &status.observed);
        Self { key, keyspace, existing, in_progress, failed, materialized, observed, missing, before }
    }

    /// Those that are materialized, as a text that selects them.
    #[must_use]
    pub fn materialized(&self) -> String {
        self.keyspace.show(&self.materialized)
    }

    /// Those that were observed, and that nobody has materialized here, in the same way.
    #[must_use]
    pub fn observed(&self) -> String {
        self.keyspace.show(&self.observed)
    }

    /// Those that a run under way is to make, in the same way.
    #[must_use]
    pub fn in_progress(&self) -> String {
        self.keyspace.show(&self.in_progress)
    }

    /// Those whose last attempt failed, in the same way.
    #[must_use]
    pub fn failed(&self) -> String {
        self.keyspace.show(&self.failed)
    }

    /// Those that nobody has tried to make, nor observed, in the same way.
    #[must_use]
    pub fn missing(&self) -> String {
        self.keyspace.show(&self.missing)
    }
}

/// How many partitions of an asset there are, and for each state how many are in it, and which. Each is in one of them; of those in
/// progress and those that failed a line says which were materialized before. Ends with a line break.
#[must_use]
pub fn asset_partitions(shown: &ShownPartitions<'_>, palette: Palette) -> String {
    let row = |role, state, set: &PartitionSet| {
        [Cell::of(role, state), set.len().to_string().into(), stretches(shown.keyspace, set).into()]
    };
    let if_any = |role, set: &PartitionSet| if set.is_empty() { Role::Faint } else { role };
    let mut rows = Vec::new();
    if !shown.materialized.is_empty() || shown.observed.is_empty() {
        rows.push(row(Role::Good, "materialized", &shown.materialized));
    }
    if !shown.observed.is_empty() {
        rows.push(row(Role::Good, "observed", &shown.observed));
    }
    rows.extend([
        row(if_any(Role::Busy, &shown.in_progress), IN_PROGRESS, &shown.in_progress),
        row(if_any(Role::Bad, &shown.failed), "failed", &shown.failed),
        row(Role::Skip, "missing", &shown.missing),
    ]);
    let all = count(shown.existing.len(), "partition", "partitions");
    let key = palette.paint(Role::Name, shown.key.as_str());
    let mut text = format!("{key} has {all}\n{}", table(["state", "count", "partitions"], rows, palette));
    if !shown.before.is_empty() {
        let (before, which) = (shown.before.len(), stretches(shown.keyspace, &shown.before));
        let were = if before == 1 { "was" } else { "were" };
        let told = format!("of those in progress or failed, {before} {were} materialized before: {which}");
        let _ = writeln!(text, "{}", palette.paint(Role::Faint, &told));
    }
    text
}

/// The same as JSON, with all stretches of keys, both ends included.
#[must_use]
pub fn asset_partitions_as_json(shown: &ShownPartitions<'_>) -> Value {
    let of = |set: &PartitionSet| set_as_json(shown.keyspace, set);
    json!({
        "asset": shown.key,
        "existing": shown.existing.len(),
        "materialized": of(&shown.materialized),
        "observed": of(&shown.observed),
        "in_progress": of(&shown.in_progress),
        "failed": of(&shown.failed),
        "missing": of(&shown.missing),
        "materialized_before": of(&shown.before),
    })
}
