use std::sync::Arc;

use serde_json::{Value, json};

use super::super::columns::shorten;
use super::super::text::{chain, one_line};
use super::AssetFacts;
use crate::asset::{AssetKey, FailedMaterialization};
use crate::failure::ErrorInfo;
use crate::partition::PartitionSet;
use crate::run::Sets;

/// So many partitions of one asset are told with the error of each.
const NAMED: usize = 8;

/// So long is the text of an error with its causes.
const LONGEST: usize = 300;

/// The last attempt at an asset, or at a partition of one, which failed; or the last look at what others make.
#[derive(Clone, Debug)]
pub struct FailedAttempt {
    /// That it failed.
    pub fact: FailedMaterialization,
    /// Why, as long as the log of its run is there.
    pub error: Option<Arc<ErrorInfo>>,
}

/// At which the last attempt failed, or the last look, of an asset and what it is made of: of one partition, or of all that are to be made; of the
/// asset itself a few, and of each other that is to be made the first. What is made of another comes after it.
#[must_use]
pub fn failed_before(
    facts: &AssetFacts<'_>,
    key: &AssetKey,
    partition: Option<&str>,
) -> Vec<(AssetKey, Option<String>)> {
    let (Some(standings), Some(own)) = (facts.standings, facts.graph.number(key)) else { return Vec::new() };
    let asked = match (facts.partitions.get(key), partition) {
        (Some(state), Some(partition)) => state.keyspace().find(partition).into_iter().collect(),
        (Some(state), None) => match standings.partitions(key) {
            Some(of) => &of.to_make() | state.failed_last(),
            None => state.failed_last().clone(),
        },
        (None, _) => PartitionSet::from_iter([0]),
    };
    let mut before = standings.to_make_before(key, asked.clone());
    let external = (0..facts.graph.assets().len()).filter(|&other| facts.graph.assets()[other].is_external());
    let looks: Sets = external.map(|other| (other, failed(facts, other))).collect();
    for (other, set) in standings.taken_of(&looks, &before) {
        *before.entry(other).or_default() |= &set;
    }
    let mut found = Vec::new();
    for &number in facts.graph.order() {
        let Some(set) = before.get(&number) else { continue };
        let failed = &failed(facts, number) & set;
        let most = if number == own && partition.is_none() { NAMED } else { 1 };
        let itself =
            failed.iter().filter(|index| number == own && partition.is_some() && asked.contains(*index));
        let mut told: Vec<u64> = failed.iter().take(most).chain(itself).collect();
        told.dedup();
        found.extend(told.into_iter().filter_map(|index| named(facts, number, index)));
    }
    found
}

/// An asset, or its partition of an index.
fn named(facts: &AssetFacts<'_>, number: usize, index: u64) -> Option<(AssetKey, Option<String>)> {
    let key = facts.graph.assets()[number].key();
    let partition = match facts.partitions.get(key) {
        Some(state) => Some(state.keyspace().key_of(index).ok()?.to_string()),
        None => None,
    };
    Some((key.clone(), partition))
}

/// The partitions of an asset at which the last attempt failed; 0 if it has none.
fn failed(facts: &AssetFacts<'_>, number: usize) -> PartitionSet {
    let key = facts.graph.assets()[number].key();
    match facts.partitions.get(key) {
        Some(state) => state.failed_last().clone(),
        None => facts.failures.contains_key(key).then_some(0).into_iter().collect(),
    }
}

/// Of the partitions of an asset that are to be made those that wait for something that failed.
pub(super) fn waiting(facts: &AssetFacts<'_>, key: &AssetKey) -> PartitionSet {
    let Some(standings) = facts.standings else { return PartitionSet::new() };
    let numbers = 0..facts.graph.assets().len();
    let failed: Sets = numbers.map(|number| (number, failed(facts, number))).collect();
    standings.to_make_after(key, &failed)
}

/// What failed: an attempt, or a look at what others make.
pub(super) fn what(fact: &FailedMaterialization) -> &'static str {
    if fact.observed { "look" } else { "attempt" }
}

impl FailedAttempt {
    /// In which run it failed, when and why.
    pub(super) fn told(&self, facts: &AssetFacts<'_>) -> String {
        let run = format!("in the run {} {}", facts.run_of(self.fact.run), facts.when(self.fact.time));
        match &self.error {
            Some(error) => format!("{run}: {}", shorten(&chain(error), LONGEST)),
            None => format!("{run}; why nobody knows any more: its log is not there"),
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let error = self.error.as_ref().map(|error| chain(error));
        json!({"run": self.fact.run, "time": self.fact.time, "error": error})
    }

    /// What the error says that can be done.
    pub(super) fn hint(&self) -> Option<String> {
        self.error.as_ref()?.hint.as_deref().map(one_line)
    }

    /// What it is of, as it is named where both are told.
    pub(super) fn name(&self) -> String {
        match &self.fact.partition {
            Some(partition) => format!("{}[{partition}]", self.fact.asset),
            None => self.fact.asset.to_string(),
        }
    }
}
