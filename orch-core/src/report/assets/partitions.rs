use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::palette::Role;
use super::IN_PROGRESS;
use super::reasons::reasons;
use super::stale::word;
use crate::asset::{AssetKey, Materialization};
use crate::ids::RunId;
use crate::partition::{KeyRange, Keyspace, PartitionSet};
use crate::run::{PartitionStandings, is_unknown};
use crate::storage::PartitionStatus;

/// So many stretches of partitions are named.
const NAMED: usize = 8;

/// So long is the text of those of several dimensions.
const LONGEST: usize = 200;

/// Which partitions of assets are materialized, in progress and failed, by the keys of the assets.
pub type PartitionStates = BTreeMap<AssetKey, PartitionState>;

/// Which partitions of an asset are materialized, which are not, which are in progress, and at which others the last attempt failed.
#[derive(Clone, Debug)]
pub struct PartitionState {
    keyspace: Keyspace,
    existing: PartitionSet,
    materialized: PartitionSet,
    in_progress: PartitionSet,
    failed: PartitionSet,
    /// Those at which the last attempt failed, be they in progress again.
    failed_last: PartitionSet,
    /// By index, the run that made each of them last.
    made: BTreeMap<u64, RunId>,
    /// The same of keys that are none of the definition's, or were removed.
    others: BTreeMap<String, RunId>,
    /// Of those that are told as materialized the ones that were observed alone: nobody has materialized them here.
    observed: PartitionSet,
    /// Of those that are missing the ones that others make, and of which nothing was there when they were observed last.
    not_there: PartitionSet,
}

impl PartitionState {
    /// Of an asset with these partitions, of which these are the latest materializations, which have this status, and of which these are in
    /// progress.
    #[must_use]
    pub fn of<'f>(
        keyspace: Keyspace,
        latest: impl IntoIterator<Item = &'f Materialization>,
        status: &PartitionStatus,
        in_progress: &PartitionSet,
        now: Timestamp,
    ) -> Self {
        let (mut made, mut others, mut not_there) = (BTreeMap::new(), BTreeMap::new(), PartitionSet::new());
        for fact in latest {
            let Some(key) = &fact.partition else { continue };
            let index = keyspace.find(key);
            if fact.found_nothing() {
                index.into_iter().for_each(|index| _ = not_there.insert(index));
                continue;
            }
            match index {
                Some(index) => _ = made.insert(index, fact.run),
                None => _ = others.insert(key.clone(), fact.run),
            }
        }
        let materialized: PartitionSet = made.keys().copied().collect();
        let observed = &(&status.observed - &status.materialized) & &materialized;
        let existing = keyspace.all(now);
        let not_there = &not_there & &existing;
        let in_progress = in_progress & &existing;
        let failed_last = &status.failed & &existing;
        let failed = &failed_last - &in_progress;
        Self {
            keyspace,
            existing,
            materialized,
            in_progress,
            failed,
            failed_last,
            made,
            others,
            observed,
            not_there,
        }
    }

    pub(super) fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// The runs that made the partitions last, by index.
    pub(super) fn made(&self) -> &BTreeMap<u64, RunId> {
        &self.made
    }

    /// The run that made a partition last, also one of a key that was removed.
    pub(super) fn made_of(&self, key: &str) -> Option<RunId> {
        let made = self.keyspace.find(key).and_then(|index| self.made.get(&index));
        made.or_else(|| self.others.get(key)).copied()
    }

    /// Those at which the last attempt failed, be they in progress again.
    pub(super) fn failed_last(&self) -> &PartitionSet {
        &self.failed_last
    }

    /// Those at which the last attempt failed and that are not in progress, as a text that selects them.
    #[must_use]
    pub fn show_failed(&self) -> String {
        self.keyspace.show(&self.failed)
    }

    fn missing(&self) -> PartitionSet {
        &self.existing - &self.materialized
    }

    /// Those that were materialized and of which there is no value any more.
    fn lost(&self, standings: Option<&PartitionStandings>) -> PartitionSet {
        standings.map_or_else(PartitionSet::new, |of| &(&of.missing() & &self.materialized) & &self.existing)
    }

    /// `3 of 31 partitions`
    pub(super) fn count(&self) -> String {
        format!("{} of {} partitions", self.materialized.common_len(&self.existing), self.existing.len())
    }

    /// As [`PartitionState::count`], how many are in progress, how many have failed, of how many there is no value any more, and how
    /// many would come out otherwise: `3 of 31 partitions, 1 in progress, 1 failed, 1 lost, 1 stale`.
    pub(super) fn brief(&self, standings: Option<&PartitionStandings>) -> (Role, String) {
        let (stale, unknown) = standings.map_or((0, 0), |of| (of.stale().len(), of.unknown().len()));
        let lost = self.lost(standings).len();
        let (going, failed) = (self.in_progress.len(), self.failed.len());
        let told = [
            (going, IN_PROGRESS),
            (failed, "failed"),
            (lost, "lost"),
            (stale, "stale"),
            (unknown, "unknown"),
        ];
        let told =
            told.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        let role = match (self.failed.is_empty(), lost + stale + unknown) {
            (false, _) => Role::Bad,
            (true, 1..) => Role::Warn,
            (true, 0) => Role::Faint,
        };
        (role, self.count() + &told.collect::<String>())
    }

    /// The lines of what is there and what is not, each with what it is; if some of what is there would come out otherwise, which,
    /// and why.
    pub(super) fn lines(&self, standings: Option<&PartitionStandings>) -> Vec<(&'static str, String)> {
        let observed = self.observed.common_len(&self.existing);
        let (known, of_both) = match self.materialized.common_len(&self.existing) - observed {
            _ if observed == 0 => ("materialized", String::new()),
            0 => ("observed", String::new()),
            made => ("known", format!(": {made} materialized, {observed} observed")),
        };
        let mut lines = vec![("partitions", format!("{} are {known}{of_both}", self.count()))];
        lines.push(("present", stretches(&self.keyspace, &(&self.materialized - &self.lost(standings)))));
        lines.push(("missing", stretches(&self.keyspace, &self.missing())));
        if !self.not_there.is_empty() {
            let not_there = stretches(&self.keyspace, &self.not_there);
            lines.push(("not there", format!("{not_there}, of those missing: so they were observed last")));
        }
        // Whether one was there before or not.
        for (name, set) in [(IN_PROGRESS, &self.in_progress), ("failed", &self.failed)] {
            if !set.is_empty() {
                lines.push((name, format!("{}, of those above", stretches(&self.keyspace, set))));
            }
        }
        if let Some(standings) = standings.filter(|standings| standings.changed().next().is_some()) {
            lines.push(("fresh", stretches(&self.keyspace, &standings.fresh())));
            let changed: PartitionSet = standings.changed().map(|(index, _)| index).collect();
            for one in reasons(standings, &(&changed & &self.existing)) {
                let (_, word) = word(&one.standing);
                let word = if is_unknown(&one.standing) { "unknown" } else { word };
                lines.push((word, format!("{}: {}", stretches(&self.keyspace, &one.set), one.words())));
            }
        }
        if !self.others.is_empty() {
            let why = match self.keyspace.definition().key_sets().is_empty() {
                true => "that the definition does not have",
                false => "of keys that were removed",
            };
            lines.push(("", format!("{} were {known} {why}", self.others.len())));
        }
        lines
    }

    /// Counts, and stretches of keys, both ends included.
    pub(super) fn as_json(&self, standings: Option<&PartitionStandings>) -> Value {
        let of = |set: &PartitionSet| set_as_json(&self.keyspace, set);
        json!({
            "definition": self.keyspace.definition(),
            "existing": self.existing.len(),
            "materialized": of(&(&self.materialized - &self.observed)),
            "observed": of(&self.observed),
            "missing": of(&self.missing()),
            "not_there": of(&self.not_there),
            "in_progress": of(&self.in_progress),
            "failed": of(&self.failed),
            "lost": standings.map(|_| of(&self.lost(standings))),
            "fresh": standings.map(|standings| of(&standings.fresh())),
            "stale": standings.map(|standings| of(&standings.stale())),
            "unknown": standings.map(|standings| of(&standings.unknown())),
        })
    }
}

/// How many partitions a set has, and the stretches of their keys, both ends included.
pub(super) fn set_as_json(keyspace: &Keyspace, set: &PartitionSet) -> Value {
    let ranges = ranges(keyspace, set).into_iter().map(|range| json!([range.first, range.last]));
    json!({"count": set.len(), "ranges": ranges.collect::<Value>()})
}

fn ranges(keyspace: &Keyspace, set: &PartitionSet) -> Vec<KeyRange> {
    // All of a set of these have keys.
    keyspace.ranges(set).unwrap_or_default()
}

/// Which partitions a set has, as long as that can be read.
pub(super) fn stretches(keyspace: &Keyspace, set: &PartitionSet) -> String {
    if keyspace.dimensions().next().is_some() {
        return rectangles(keyspace, set);
    }
    let mut ranges = ranges(keyspace, set).into_iter();
    let told: Vec<_> = ranges.by_ref().take(NAMED).map(|range| range.to_string()).collect();
    let (more, partitions) = ranges.fold((0_u64, 0), |(more, all), range| (more + 1, all + range.len));
    match more {
        0 => told.join(", "),
        _ => format!("{}, and {partitions} more", told.join(", ")),
    }
}

/// Of several dimensions, as they are selected.
fn rectangles(keyspace: &Keyspace, set: &PartitionSet) -> String {
    let shown = keyspace.show(set);
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}.., {} in all", &shown[..end], set.len()),
        None => shown,
    }
}
