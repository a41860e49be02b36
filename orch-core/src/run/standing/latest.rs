use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetKey, Materialization, MaterializationQuery};
use crate::graph::AssetGraph;
use crate::io::Found;
use crate::partition::{KeySets, PartitionsDefinition};
use crate::storage::{AssetRecord, ReadAssets, ReadKeySets, StorageError};

/// What is known of the latest materializations of assets. Of what the program makes it is what was made: that others have observed
/// it says nothing of its value. Of what is external it may be an observation.
#[derive(Clone, Debug, Default)]
pub struct LatestFacts {
    /// Of each asset that was ever materialized, or observed if the program does not make it, in the order of their keys.
    pub records: Vec<AssetRecord>,
    /// Of each partition of the assets of a program that have some, in the order of their keys as text.
    pub partitions: BTreeMap<AssetKey, Vec<Materialization>>,
    /// Of assets with partitions that others make, that no IO manager reads and of which some were observed: the partitions of which
    /// there is a value on the instance.
    pub made_by_others: BTreeMap<AssetKey, BTreeSet<String>>,
    /// The sets whose keys are partitions of these assets, as they are now.
    pub keys: KeySets,
    /// Of assets and partitions whose latest value does not lie where an IO manager has stored it, what lies there instead.
    pub lost: BTreeMap<(AssetKey, Option<String>), Found>,
}

impl LatestFacts {
    /// Reads what there is: of all assets, and of the partitions of those of the graph.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(
        storage: &(impl ReadAssets + ReadKeySets + ?Sized),
        graph: &AssetGraph,
    ) -> Result<Self, StorageError> {
        let is_own =
            |key: &AssetKey| graph.number(key).is_some_and(|number| !graph.assets()[number].is_external());
        let mut records = Vec::new();
        for mut record in storage.assets()? {
            if record.latest.is_observation() && is_own(&record.key) {
                let made = MaterializationQuery {
                    observed: Some(false),
                    ..MaterializationQuery::latest(&record.key)
                };
                let Some(made) = storage.history(&made)?.0.pop() else { continue };
                record.latest = made;
            }
            records.push(record);
        }
        let (mut partitions, mut made_by_others) = (BTreeMap::new(), BTreeMap::new());
        for asset in graph.assets().iter().filter(|asset| asset.partitions().is_some()) {
            // Of most programs' assets most were never made.
            if AssetRecord::find(&records, asset.key()).is_some() {
                let latest = match asset.is_external() {
                    true => storage.latest_partitions(asset.key())?,
                    false => storage.latest_made_partitions(asset.key())?,
                };
                let is_valued_elsewhere = asset.is_external() && asset.io().is_none();
                if is_valued_elsewhere && latest.iter().any(Materialization::is_observation) {
                    let made = storage.latest_made_partitions(asset.key())?;
                    let made = made.into_iter().filter_map(|fact| fact.partition);
                    made_by_others.insert(asset.key().clone(), made.collect());
                }
                partitions.insert(asset.key().clone(), latest);
            }
        }
        let definitions = graph.assets().iter().filter_map(|asset| asset.partitions());
        let sets: BTreeSet<_> = definitions.flat_map(PartitionsDefinition::key_sets).collect();
        let mut keys = KeySets::new();
        for set in sets {
            keys = keys.with(set, storage.key_set(set)?);
        }
        Ok(Self { records, partitions, made_by_others, keys, lost: BTreeMap::new() })
    }

    /// What is known of the latest of an asset, or of each of its partitions.
    pub(super) fn of<'a>(&'a self, asset: &'a AssetKey) -> impl Iterator<Item = &'a Materialization> {
        self.whole(asset).into_iter().chain(self.partitions.get(asset).into_iter().flatten())
    }

    /// What lies in the place of this materialization, if that is not what it has stored.
    pub(super) fn lost(&self, fact: &Materialization) -> Option<Found> {
        self.lost.get(&(fact.asset.clone(), fact.partition.clone())).copied()
    }

    /// The latest materialization of an asset without partitions. It may have had some before: these are others.
    pub(super) fn whole(&self, asset: &AssetKey) -> Option<&Materialization> {
        let record = AssetRecord::find(&self.records, asset)?;
        record.latest.partition.is_none().then_some(&record.latest)
    }

    /// The latest materialization of a partition.
    pub(crate) fn partition(&self, asset: &AssetKey, partition: &str) -> Option<&Materialization> {
        let facts = self.partitions.get(asset)?;
        let at = facts.binary_search_by_key(&Some(partition), |fact| fact.partition.as_deref());
        at.ok().map(|at| &facts[at])
    }
}
