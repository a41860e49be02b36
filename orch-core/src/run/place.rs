use std::fmt;
use std::sync::Arc;

use super::foreign;
use crate::asset::{AssetKey, Materialization, MaterializationQuery, ValueAt};
use crate::define::RunPartitions;
use crate::failure::{Failure, quietly};
use crate::ids::{RunId, StepPath};
use crate::io::{Erased, Found, OutputAt, PartitionAt};
use crate::partition::quoted;
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
    /// Loads it, if it is what the materialization has stored.
    pub(super) fn load(&self) -> Result<Value, Failure> {
        let named = Named(&self.asset.key, self.partition());
        let cannot = |failure: Failure| match self.asset.external {
            true => foreign::unloaded(&named, &self.io, failure),
            false => failure.context(format!("the asset `{named}` cannot be loaded")),
        };
        if let Some(fact) = &self.fact {
            let found = self.look().map_err(cannot)?;
            let storage = self.storage.as_deref().filter(|_| found != Found::Same && is_stored(fact));
            let newer = storage.and_then(|storage| newer(storage, fact));
            if found.is_lost() || newer.as_ref().is_some_and(|newer| newer.value == fact.value) {
                return Err(cannot(refusal(found, fact, newer.as_ref())));
            }
        }
        self.at(|manager, at| manager.load(at)).map_err(cannot)
    }

    /// Whether what lies there is what the materialization has stored.
    pub(super) fn look(&self) -> Result<Found, Failure> {
        match self.fact.as_ref().and_then(stamp) {
            Some(stamp) => self.look_for(stamp),
            None => Ok(Found::Unseen),
        }
    }

    /// Whether what lies there is what has this stamp.
    pub(super) fn look_for(&self, stamp: &str) -> Result<Found, Failure> {
        self.at(|manager, at| quietly(|| manager.look(at, stamp)).and_then(|found| found))
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
    fact.stamp.as_deref().filter(|_| is_stored(fact))
}

/// What is known to have been made of an asset, or of its partition, after this.
pub(in crate::run) fn newer(storage: &dyn Storage, fact: &Materialization) -> Option<Materialization> {
    let query = MaterializationQuery {
        partition: fact.partition.clone(),
        observed: Some(false),
        ..MaterializationQuery::latest(&fact.asset)
    };
    let latest = storage.materializations(&query).ok()?.into_iter().next()?;
    ((latest.time, latest.run) > (fact.time, fact.run)).then_some(latest)
}

/// Of a materialization whose place has something else in it the one that was made since and lies there, which is told: what is
/// made of it is made of that. Where nobody knows it again it is the latest, since an asset has one place.
///
/// # Errors
/// If none is known that lies there: nobody knows what it is made of. It may be told in a moment, so another attempt may take it.
pub(in crate::run) fn as_it_lies(
    fact: Materialization,
    storage: Option<&dyn Storage>,
    look: impl Fn(&str) -> Result<Found, Failure>,
) -> Result<Materialization, Failure> {
    let look = |fact: &Materialization| stamp(fact).map_or(Ok(Found::Unseen), &look);
    let found = look(&fact)?;
    if found == Found::Same {
        return Ok(fact);
    }
    let newer = storage
        .and_then(|storage| newer(storage, &fact))
        .filter(|newer| found.is_lost() || newer.value == fact.value);
    match newer {
        None if !found.is_lost() => Ok(fact),
        Some(newer) if !look(&newer)?.is_lost() => {
            let (named, run) = (Named(&fact.asset, fact.partition.as_deref()), newer.run);
            tracing::warn!(
                "`{named}` was made anew by the run {run} since it was to be taken: what is taken is that"
            );
            Ok(newer)
        }
        newer => Err(refusal(found, &fact, newer.as_ref())),
    }
}

/// Whether an IO manager has stored it.
fn is_stored(fact: &Materialization) -> bool {
    matches!(fact.value, ValueAt::Io(_))
}

/// Refuses to take what is not what a materialization has stored, be it that a later one has stored over it.
fn refusal(found: Found, fact: &Materialization, newer: Option<&Materialization>) -> Failure {
    let Materialization { asset, partition, run, .. } = fact;
    let named = Named(asset, partition.as_deref());
    let found = if found.is_lost() { found } else { Found::Other };
    let failure = Failure::new(format!("`{named}` was stored by the run {run}, and {found}"));
    failure.hint(match (partition, newer) {
        (_, Some(newer)) => {
            format!("the run {} has made it anew: a run that begins now, or goes on, takes that", newer.run)
        }
        (Some(partition), None) => {
            format!("have it made anew: `materialize {asset} --partition {}`", quoted(partition))
        }
        (None, None) => format!("have it made anew: `materialize {asset}`"),
    })
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
