use std::fmt;
use std::sync::Arc;

use super::foreign;
use crate::asset::{AssetKey, Materialization, MaterializationQuery, ValueAt};
use crate::define::RunPartitions;
use crate::failure::{Failure, quietly};
use crate::ids::{RunId, StepPath};
use crate::io::{Erased, Found, OutputAt, PartitionAt};
use crate::plan::LoadedAsset;
use crate::storage::Storage;
use crate::value::Value;

/// Where an IO manager has stored an asset. It has one place for it, whoever makes it.
pub(super) struct Stored {
    pub(super) manager: Arc<dyn Erased>,
    /// The key of the manager.
    pub(super) io: String,
    pub(super) asset: LoadedAsset,
    /// The run that takes it, and in that its step.
    pub(super) run: RunId,
    pub(super) job: Arc<str>,
    pub(super) step: StepPath,
    pub(super) output: Arc<str>,
    /// The materialization that is taken, if one is known.
    pub(super) fact: Option<Materialization>,
    /// The partitions that it is one of.
    pub(super) of: Option<Arc<RunPartitions>>,
    pub(super) storage: Option<Arc<dyn Storage>>,
}

impl Stored {
    /// Loads it. What lies there may have been made anew since the materialization was the latest, and then the step that takes it
    /// is told so; what nobody has told of is not taken.
    pub(super) fn load(&self) -> Result<Value, Failure> {
        let named = Named(&self.asset.key, self.partition());
        let cannot = |failure: Failure| match self.asset.external {
            true => foreign::unloaded(&named, &self.io, failure),
            false => failure.context(format!("the asset `{named}` cannot be loaded")),
        };
        let storage = self.storage.as_deref();
        if let Some(fact) = &self.fact {
            self.look().and_then(|found| check(found, fact, storage)).map_err(cannot)?;
        }
        let loaded = self.at(|manager, at| manager.load(at)).map_err(cannot)?;
        if let Some(newer) = self.fact.as_ref().and_then(|fact| made_anew(storage?, fact)) {
            tracing::warn!(
                "the asset `{named}` was made anew by the run {newer} since this run has begun: what is taken is that"
            );
        }
        Ok(loaded)
    }

    /// Whether what lies there is what the materialization has stored.
    pub(super) fn look(&self) -> Result<Found, Failure> {
        match self.fact.as_ref().and_then(stamp) {
            Some(stamp) => self.at(|manager, at| quietly(|| manager.look(at, stamp)).and_then(|found| found)),
            None => Ok(Found::Unseen),
        }
    }

    fn partition(&self) -> Option<&str> {
        self.fact.as_ref()?.partition.as_deref()
    }

    fn at<T>(&self, does: impl FnOnce(&dyn Erased, &OutputAt<'_>) -> T) -> T {
        let Self { asset, run, job, step, output, .. } = self;
        let at = OutputAt::new(*run, job, step, output).asset(Some(&asset.key)).columns(&asset.columns);
        let of = self.of.as_ref().map(|of| of.keyspace.definition());
        let at = at.partition(self.partition().zip(of).map(|(key, of)| PartitionAt::new(key, of)));
        does(&*self.manager, &at)
    }
}

/// By what an IO manager knows again what a materialization has stored.
pub(in crate::run) fn stamp(fact: &Materialization) -> Option<&str> {
    fact.stamp.as_deref().filter(|_| matches!(fact.value, ValueAt::Io(_)))
}

/// The run that is known to have made an asset, or its partition, since this was the latest of it.
fn made_anew(storage: &dyn Storage, fact: &Materialization) -> Option<RunId> {
    let query = MaterializationQuery {
        partition: fact.partition.clone(),
        observed: Some(false),
        ..MaterializationQuery::latest(&fact.asset)
    };
    let latest = storage.materializations(&query).ok()?.into_iter().next()?;
    ((latest.time, latest.run) > (fact.time, fact.run)).then_some(latest.run)
}

/// Refuses to take what is not what a materialization has stored, and of which no later run has told: nobody knows what it is
/// made of. It may be told in a moment, so another attempt may take it.
pub(in crate::run) fn check(
    found: Found,
    fact: &Materialization,
    storage: Option<&dyn Storage>,
) -> Result<(), Failure> {
    if !found.is_lost() || storage.is_some_and(|storage| made_anew(storage, fact).is_some()) {
        return Ok(());
    }
    let Materialization { asset, partition, run, .. } = fact;
    let named = Named(asset, partition.as_deref());
    let failure = Failure::new(format!("`{named}` was stored by the run {run}, and {found}"));
    Err(failure.hint(match partition {
        Some(partition) => format!("have it made anew: materialize {asset} --partition '{partition}'"),
        None => format!("have it made anew: materialize {asset}"),
    }))
}

/// An asset, or a partition of it, as it is written: `sales[2024-01-31]`.
pub(super) struct Named<'a>(pub(super) &'a AssetKey, pub(super) Option<&'a str>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(partition) => write!(f, "{}[{partition}]", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
