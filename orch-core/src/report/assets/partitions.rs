use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::asset::AssetKey;
use crate::partition::{KeyRange, KeySets, Keyspace, PartitionError, PartitionSet, PartitionsDefinition};

/// So many stretches of partitions are named.
const NAMED: usize = 8;

/// So long is the text of those of several dimensions.
const LONGEST: usize = 200;

/// Which partitions of assets are materialized, by the keys of the assets.
pub type PartitionStates = BTreeMap<AssetKey, PartitionState>;

/// Which partitions of an asset are materialized, and which are not.
#[derive(Clone, Debug)]
pub struct PartitionState {
    keyspace: Keyspace,
    existing: PartitionSet,
    materialized: PartitionSet,
    /// Keys that were materialized and are none of the definition's.
    others: u64,
}

impl PartitionState {
    /// Of an asset with these partitions, of which those of these keys were materialized.
    ///
    /// # Errors
    /// If the definition cannot be.
    pub fn of<'k>(
        definition: &PartitionsDefinition,
        keys: impl IntoIterator<Item = &'k str>,
        now: Timestamp,
    ) -> Result<Self, PartitionError> {
        let keyspace = definition.resolve(&KeySets::new())?;
        let (mut materialized, mut others) = (PartitionSet::new(), 0);
        for key in keys {
            match keyspace.index_of(key) {
                Ok(index) => _ = materialized.insert(index),
                Err(_) => others += 1,
            }
        }
        Ok(Self { existing: keyspace.all(now), keyspace, materialized, others })
    }

    fn missing(&self) -> PartitionSet {
        &self.existing - &self.materialized
    }

    /// `3 of 31 partitions`
    pub(super) fn count(&self) -> String {
        format!("{} of {} partitions", self.materialized.common_len(&self.existing), self.existing.len())
    }

    /// The lines of what is there and what is not, each with what it is.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("partitions", format!("{} are materialized", self.count()))];
        lines.push(("present", self.stretches(&self.materialized)));
        lines.push(("missing", self.stretches(&self.missing())));
        if self.others > 0 {
            lines.push(("", format!("{} were materialized that the definition does not have", self.others)));
        }
        lines
    }

    fn ranges(&self, set: &PartitionSet) -> Vec<KeyRange> {
        // All of a set of these have keys.
        self.keyspace.ranges(set).unwrap_or_default()
    }

    fn stretches(&self, set: &PartitionSet) -> String {
        if self.keyspace.dimensions().next().is_some() {
            return self.rectangles(set);
        }
        let mut ranges = self.ranges(set).into_iter();
        let told: Vec<_> = ranges.by_ref().take(NAMED).map(|range| stretch(&range)).collect();
        let (more, partitions) = ranges.fold((0_u64, 0), |(more, all), range| (more + 1, all + range.len));
        match more {
            0 => told.join(", "),
            _ => format!("{}, and {partitions} more", told.join(", ")),
        }
    }

    /// Of several dimensions, as they are selected.
    fn rectangles(&self, set: &PartitionSet) -> String {
        let shown = self.keyspace.show(set);
        match shown.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}.., {} in all", &shown[..end], set.len()),
            None => shown,
        }
    }

    /// Counts, and stretches of keys, both ends included.
    pub(super) fn as_json(&self) -> Value {
        let ranges = |set: &PartitionSet| {
            self.ranges(set).iter().map(|range| json!([range.first, range.last])).collect::<Value>()
        };
        let missing = self.missing();
        json!({
            "definition": self.keyspace.definition(),
            "existing": self.existing.len(),
            "materialized": {"count": self.materialized.len(), "ranges": ranges(&self.materialized)},
            "missing": {"count": missing.len(), "ranges": ranges(&missing)},
        })
    }
}

fn stretch(range: &KeyRange) -> String {
    match range.len {
        1 => range.first.to_string(),
        _ => format!("{}..{}", range.first, range.last),
    }
}
