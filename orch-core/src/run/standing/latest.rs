use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetKey, Materialization, ValueAt};
use crate::failure::quietly;
use crate::graph::AssetGraph;
use crate::ids::StepPath;
use crate::io::{Found, OutputAt};
use crate::partition::{KeySets, PartitionsDefinition};
use crate::plan::PlanError;
use crate::run::Runner;
use crate::run::check::Wanted;
use crate::run::place::stamp;
use crate::storage::{AssetRecord, ReadAssets, ReadKeySets, StorageError};

/// What is known of the latest materializations of assets.
#[derive(Clone, Debug, Default)]
pub struct LatestFacts {
    /// Of each asset that was ever materialized.
    pub records: Vec<AssetRecord>,
    /// Of each partition of the assets of a program that have some.
    pub partitions: BTreeMap<AssetKey, Vec<Materialization>>,
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
        let records = storage.assets()?;
        let mut partitions = BTreeMap::new();
        for asset in graph.assets().iter().filter(|asset| asset.partitions().is_some()) {
            // Of most programs' assets most were never made.
            if records.iter().any(|record| record.key == *asset.key()) {
                partitions.insert(asset.key().clone(), storage.latest_partitions(asset.key())?);
            }
        }
        let definitions = graph.assets().iter().filter_map(|asset| asset.partitions());
        let sets: BTreeSet<_> = definitions.flat_map(PartitionsDefinition::key_sets).collect();
        let mut keys = KeySets::new();
        for set in sets {
            keys = keys.with(set, storage.key_set(set)?);
        }
        Ok(Self { records, partitions, keys, lost: BTreeMap::new() })
    }

    /// What is known of the latest of an asset, or of each of its partitions.
    fn of<'a>(&'a self, asset: &'a AssetKey) -> impl Iterator<Item = &'a Materialization> {
        self.whole(asset).into_iter().chain(self.partitions.get(asset).into_iter().flatten())
    }

    /// What lies in the place of this materialization, if that is not what it has stored.
    pub(super) fn lost(&self, fact: &Materialization) -> Option<Found> {
        self.lost.get(&(fact.asset.clone(), fact.partition.clone())).copied()
    }

    /// The latest materialization of an asset without partitions. It may have had some before: these are others.
    pub(super) fn whole(&self, asset: &AssetKey) -> Option<&Materialization> {
        let record = self.records.iter().find(|record| record.key == *asset)?;
        record.latest.partition.is_none().then_some(&record.latest)
    }

    /// The latest materialization of a partition.
    pub(crate) fn partition(&self, asset: &AssetKey, partition: &str) -> Option<&Materialization> {
        let facts = self.partitions.get(asset)?;
        facts.iter().find(|fact| fact.partition.as_deref() == Some(partition))
    }
}

impl Runner {
    /// Looks whether what is known to have been stored last of the assets that the run would make, and of their partitions, still
    /// lies there, as far as their IO managers know it again.
    ///
    /// # Errors
    /// As [`Runner::plan`].
    pub fn look(&self, latest: &mut LatestFacts) -> Result<(), PlanError> {
        let program = self.check_for(Wanted::Plan)?.program;
        let io = &self.environment.io;
        let steps = program.plan.steps.iter().zip(&program.ops);
        let made = steps.flat_map(|(step, op)| step.assets.iter().map(move |asset| (step, op, asset)));
        let mut lost = BTreeMap::new();
        for (step, op, asset) in made {
            let (output, path) = (&op.outputs()[asset.output], StepPath::new(step.name.as_str(), None));
            for fact in latest.of(&asset.key) {
                let (ValueAt::Io(key), Some(stamp)) = (&fact.value, stamp(fact)) else { continue };
                let Some(manager) = io.get(key.as_str(), output.ty) else { continue };
                let at = OutputAt::new(fact.run, &program.plan.job, &path, &output.name);
                let at = asset.placed(at, fact.partition.as_deref(), &program.plan.partitions);
                // One that cannot look says so when it is to load it.
                if let Ok(Ok(found)) = quietly(|| manager.look(&at, stamp))
                    && found.is_lost()
                {
                    lost.insert((fact.asset.clone(), fact.partition.clone()), found);
                }
            }
        }
        latest.lost = lost;
        Ok(())
    }
}
