use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::observation::NOTHING;
use super::{AssetKey, Digest, Recipe, TypedMetadata};
use crate::ids::RunId;
use crate::partition::PartitionKey;

/// A fact: that an asset was materialized, by which run, and what is known of it since.
///
/// It is told by the event [`AssetMaterialization`](crate::event::EventKind::AssetMaterialization) of its run, and kept apart
/// from the run: runs are removed after a while, facts about the data stay.
///
/// Of an asset that others make it may be an observation, told by
/// [`AssetObservation`](crate::event::EventKind::AssetObservation): the run has not made the data, and has found which version of
/// it is there, or that [nothing is](Materialization::found_nothing). Its value lies [elsewhere](ValueAt::Elsewhere).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Materialization {
    /// The asset.
    pub asset: AssetKey,
    /// The partition, of an asset that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The run that made it, or looked at it.
    pub run: RunId,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// When, in UTC.
    pub time: Timestamp,
    /// What was said of it, by the code, by the output or by the IO manager.
    #[serde(default, skip_serializing_if = "TypedMetadata::is_empty")]
    pub metadata: TypedMetadata,
    /// The version of the code that made it, if the code has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_version: Option<Arc<str>>,
    /// The version of the data: given by the code, or the hash of its bytes; none if nothing is known of these. Of an observation
    /// that which was found, and none if nothing was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_version: Option<Arc<str>>,
    /// The materializations that it was made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputVersion>,
    /// All that its value depends on, with versions.
    #[serde(default, skip_serializing_if = "Recipe::is_empty")]
    pub recipe: Recipe,
    /// Where its value lies.
    pub value: ValueAt,
    /// By what the IO manager that has stored it knows it again, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Arc<str>>,
}

impl Materialization {
    /// Whether the run has not made the data, and has but looked at it.
    #[must_use]
    pub fn is_observation(&self) -> bool {
        self.value == ValueAt::Elsewhere
    }

    /// Whether the run has looked at what others make, and nothing was there.
    #[must_use]
    pub fn found_nothing(&self) -> bool {
        self.is_observation() && self.data_version.is_none()
    }

    /// The version that counts for what is made of it, if it is known. That nothing is there is known too.
    pub(crate) fn version(&self) -> Option<Arc<str>> {
        if self.found_nothing() { Some(NOTHING.into()) } else { self.data_version.clone() }
    }
}

/// What a materialization was made of: a materialization of another asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputVersion {
    /// The other asset.
    pub asset: AssetKey,
    /// Its partition, or all that were taken, as selections are written: `2024-01-01..2024-01-07`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Arc<str>>,
    /// The run that made it, or looked at it; none if neither is known, as of data that others make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The version of its data; an empty text if it was looked at and nothing was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_version: Option<Arc<str>>,
}

impl InputVersion {
    /// This materialization of the asset, if one is known.
    #[must_use]
    pub fn new(asset: AssetKey, run: Option<RunId>, data_version: Option<Arc<str>>) -> Self {
        Self { asset, partition: None, run, data_version }
    }

    /// What this run has found of an asset that others make: this version, or that nothing is there.
    pub(crate) fn observed(asset: AssetKey, run: RunId, found: Option<Arc<str>>) -> Self {
        Self::new(asset, Some(run), Some(found.unwrap_or_else(|| NOTHING.into())))
    }

    /// Whether it is known that nothing was there.
    pub(crate) fn is_of_nothing(&self) -> bool {
        self.data_version.as_deref() == Some(NOTHING)
    }

    /// Several partitions that are taken at once, each with the materialization that it is, in their order. `name` says which
    /// they are, as selections are written; one alone is named by its key.
    pub(crate) fn of_partitions<'a>(
        asset: &AssetKey,
        name: impl FnOnce() -> String,
        parts: impl IntoIterator<Item = (PartitionKey, Option<&'a Materialization>)>,
    ) -> Self {
        let mut digest = Digest::new("orch: versions of partitions that are taken together");
        let (mut one, mut count, mut is_known) = (None, 0, true);
        let mut newest: Option<&Materialization> = None;
        for (key, fact) in parts {
            let version = fact.and_then(Materialization::version);
            digest.add(key.as_str());
            digest.add(version.as_deref().unwrap_or_default());
            is_known &= version.is_some();
            newest = fact.into_iter().chain(newest).max_by_key(|fact| (fact.time, fact.run));
            one = Some((key, version));
            count += 1;
        }
        let run = newest.map(|fact| fact.run);
        match one.filter(|_| count == 1) {
            Some((key, version)) => {
                Self::new(asset.clone(), run, version).partition(Some(key.as_str().into()))
            }
            // None at all is known too: it comes out the same as long as there are none.
            None => Self::new(asset.clone(), run, is_known.then(|| digest.finish()))
                .partition(Some(name().into())),
        }
    }

    /// The version of the data of one asset, of which it may be that several partitions were taken; none if that of one is not
    /// known, or if there are none. In which order they were taken, and whether the same were taken twice, makes no difference.
    pub(crate) fn together<'a>(versions: impl Iterator<Item = &'a Self>) -> Option<Arc<str>> {
        let mut versions: Vec<_> = versions.collect();
        versions.sort_by_key(|version| (&version.partition, &version.data_version));
        versions.dedup_by_key(|version| (&version.partition, &version.data_version));
        if let [version] = versions.as_slice()
            && version.partition.is_none()
        {
            return version.data_version.clone();
        }
        versions.first()?;
        // With the keys: who takes partitions by key may make something of these too.
        let mut digest = Digest::new("orch: versions of partitions that are taken apart");
        for version in versions {
            digest.add(version.partition.as_deref().unwrap_or_default());
            digest.add(version.data_version.as_deref()?);
        }
        Some(digest.finish())
    }

    /// The same, of a partition.
    #[must_use]
    pub fn partition(self, partition: Option<Arc<str>>) -> Self {
        Self { partition, ..self }
    }
}

/// A materialization, as who is made of it is told.
impl From<&Materialization> for InputVersion {
    fn from(fact: &Materialization) -> Self {
        let version = Self::new(fact.asset.clone(), Some(fact.run), fact.version());
        version.partition(fact.partition.as_deref().map(Into::into))
    }
}

/// Which materializations of assets there are at a moment, the last of each asset and partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions(BTreeMap<AssetKey, BTreeMap<Option<Arc<str>>, InputVersion>>);

impl Versions {
    /// That of a partition, or of an asset without.
    pub(crate) fn get(&self, asset: &AssetKey, partition: &Option<Arc<str>>) -> Option<&InputVersion> {
        self.0.get(asset)?.get(partition)
    }

    /// Whether anything of the asset is there.
    pub(crate) fn contains(&self, asset: &AssetKey) -> bool {
        self.0.contains_key(asset)
    }

    /// All that there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &InputVersion> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// The assets and partitions of which that of another run is the last.
    pub(crate) fn of_others(&self, run: RunId) -> impl Iterator<Item = (AssetKey, Option<Arc<str>>)> {
        let others = self.iter().filter(move |version| version.run.is_some_and(|by| by != run));
        others.map(|version| (version.asset.clone(), version.partition.clone()))
    }

    /// In place of what was there of the same.
    pub(crate) fn insert(&mut self, version: InputVersion) {
        let of_asset = self.0.entry(version.asset.clone()).or_default();
        of_asset.insert(version.partition.clone(), version);
    }

    /// Adds those of others, in place of what is there of the same.
    pub(crate) fn extend(&mut self, others: Self) {
        others.0.into_values().flat_map(BTreeMap::into_values).for_each(|version| self.insert(version));
    }

    /// Adds those of others of which there are none.
    pub(crate) fn fill(&mut self, others: Self) {
        for version in others.0.into_values().flat_map(BTreeMap::into_values) {
            if self.get(&version.asset, &version.partition).is_none() {
                self.insert(version);
            }
        }
    }
}

/// Where the value of a materialization lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ValueAt {
    /// With the fact itself: it is small.
    Fact,
    /// In a file of the instance.
    File(crate::io::ArtifactRef),
    /// Where the IO manager of this key puts what is of this asset.
    Io(String),
    /// Nowhere: it was in the memory of the run alone, or there was nothing to keep.
    Nowhere,
    /// With the others that make it: the fact is an observation.
    Elsewhere,
}

/// Which materializations are asked for; all of them, and all observations, the newest first, if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterializationQuery {
    /// Those of this asset.
    pub asset: Option<AssetKey>,
    /// Those of this partition.
    pub partition: Option<String>,
    /// Those of this run.
    pub run: Option<RunId>,
    /// Observations alone, or what runs have made alone.
    pub observed: Option<bool>,
    /// Those that were told at this time or before.
    pub until: Option<Timestamp>,
    /// So many at most.
    pub limit: Option<usize>,
}

impl MaterializationQuery {
    /// The latest of an asset.
    #[must_use]
    pub fn latest(asset: &AssetKey) -> Self {
        Self { asset: Some(asset.clone()), limit: Some(1), ..Self::default() }
    }

    /// Whether a materialization is asked for, but for how many there are.
    #[must_use]
    pub fn matches(&self, fact: &Materialization) -> bool {
        self.asset.as_ref().is_none_or(|asset| *asset == fact.asset)
            && self.partition.as_ref().is_none_or(|partition| Some(partition) == fact.partition.as_ref())
            && self.run.is_none_or(|run| run == fact.run)
            && self.observed.is_none_or(|observed| observed == fact.is_observation())
            && self.until.is_none_or(|until| fact.time <= until)
    }
}
