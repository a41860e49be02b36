use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use jiff::Timestamp;

use super::gone_on::refused_by;
use super::partitions::ForPartitions;
use crate::asset::{AssetKey, FailedMaterialization, MaterializationQuery};
use crate::define::RunPartitions;
use crate::event::{Event, EventKind, RunStatus};
use crate::ids::{RunId, StepPath};
use crate::partition::{Keyspace, PartitionSet};
use crate::plan::PlannedAsset;
use crate::storage::{Pinned, ReadAssets, ReadRuns, RunQuery, RunRecord, RunState, StorageError};

/// The assets and partitions that runs under way are to make, and have neither made nor failed to make yet.
///
/// What these runs were begun with and their logs say it, and nothing is kept of it: it costs what there is to read of them, however
/// many runs there were before. A run whose process is gone makes nothing; of a backfill only the runs count that have begun.
///
/// What a run has made is known of its asset a moment after the log tells it, since that is kept apart. Until then it is in progress,
/// so that whoever reads what is known after this finds it in one of both.
#[derive(Clone, Debug, Default)]
pub struct InProgress {
    /// Those of the newest run first.
    assets: Vec<Open>,
}

/// What is left to be made of an asset in a run.
#[derive(Clone, Debug)]
struct Open {
    run: RunId,
    asset: AssetKey,
    /// Those that the run is for, of an asset that has some.
    partitions: Option<Arc<RunPartitions>>,
    /// By index; of an asset without partitions the index is 0.
    left: PartitionSet,
    /// Those with which a step has begun.
    begun: PartitionSet,
    /// Those of which the log of the run tells that they are made, or failed, in its order.
    told: Vec<(u64, Timestamp)>,
}

impl InProgress {
    /// Reads what the runs under way are to make, of which this is known.
    ///
    /// # Errors
    /// If it cannot be read which these are. A run that is gone meanwhile is passed over, and one of which something is damaged: of that
    /// `instance check` tells.
    pub fn read(
        runs: &(impl ReadRuns + ?Sized),
        known: &(impl ReadAssets + ?Sized),
    ) -> Result<Self, StorageError> {
        let status = vec![RunStatus::Running, RunStatus::Canceling];
        let under_way = runs.runs(&RunQuery { status, ..RunQuery::default() })?;
        let assets = under_way.into_iter().flat_map(|run| of_run(runs, known, run).unwrap_or_default());
        Ok(Self { assets: assets.collect() })
    }

    /// The partitions of an asset that are in progress, by their indexes in this keyspace.
    #[must_use]
    pub fn partitions(&self, asset: &AssetKey, of: &Keyspace) -> PartitionSet {
        let mut found = PartitionSet::new();
        for open in self.of(asset) {
            let Some(partitions) = open.partitions.as_deref() else { continue };
            found |= &carried(&open.left, &partitions.keyspace, of);
        }
        found
    }

    /// The runs that are to make something, of each asset once.
    pub fn runs(&self) -> impl Iterator<Item = RunId> {
        self.assets.iter().map(|open| open.run)
    }

    /// The runs that are to make something of an asset, the newest first.
    pub fn runs_of(&self, asset: &AssetKey) -> impl Iterator<Item = RunId> {
        self.of(asset).map(|open| open.run)
    }

    /// The run that is to make an asset, or a partition of it, and whether it has begun with that. Of several it is one that has
    /// begun, and the newest.
    #[must_use]
    pub fn run(&self, asset: &AssetKey, partition: Option<&str>) -> Option<(RunId, bool)> {
        let runs = self.of(asset).filter_map(|open| {
            let index = open.index(partition).filter(|index| open.left.contains(*index))?;
            Some((open.run, open.begun.contains(index)))
        });
        let runs: Vec<_> = runs.collect();
        runs.iter().find(|(_, begun)| *begun).or(runs.first()).copied()
    }

    fn of(&self, asset: &AssetKey) -> impl Iterator<Item = &Open> {
        self.assets.iter().filter(move |open| open.asset == *asset && !open.left.is_empty())
    }
}

impl Open {
    /// The index of a partition, as far as the run could have it.
    fn index(&self, partition: Option<&str>) -> Option<u64> {
        match (&self.partitions, partition) {
            (None, None) => Some(0),
            (Some(partitions), Some(key)) => partitions.keyspace.find(key),
            _ => None,
        }
    }

    /// The index of what a step of this path makes.
    fn made_at(&self, path: &StepPath) -> Option<u64> {
        let key = path.branch().filter(|_| self.partitions.is_some()).map(|branch| branch.key().to_string());
        self.index(key.as_deref())
    }

    /// Leaves open what the log tells and is not known of the asset yet. It becomes known in the order in which it is told.
    fn await_facts(&mut self, known: &(impl ReadAssets + ?Sized)) -> Result<(), StorageError> {
        let mut awaited = PartitionSet::new();
        for &(index, time) in self.told.iter().rev() {
            if self.is_known(index, time, known)? {
                break;
            }
            awaited.insert(index);
        }
        self.left |= &awaited;
        self.begun |= &awaited;
        Ok(())
    }

    /// Whether it is known what became of this one in the run. An earlier run may have made it too.
    fn is_known(
        &self,
        index: u64,
        time: Timestamp,
        known: &(impl ReadAssets + ?Sized),
    ) -> Result<bool, StorageError> {
        let key = self.partitions.as_deref().and_then(|partitions| partitions.keyspace.key_of(index).ok());
        let query = MaterializationQuery {
            partition: key.map(|key| key.to_string()),
            run: Some(self.run),
            ..MaterializationQuery::latest(&self.asset)
        };
        let failed = || known.latest_failure(&self.asset, query.partition.as_deref());
        // Of failures the latest alone is known, which may be that of another run since.
        let is_told = |fact: FailedMaterialization| fact.run == self.run || fact.time > time;
        Ok(!known.materializations(&query)?.is_empty() || failed()?.is_some_and(is_told))
    }
}

/// The indexes that these have in another keyspace, as far as they are in it.
fn carried(set: &PartitionSet, from: &Keyspace, to: &Keyspace) -> PartitionSet {
    // A run may have been given other sets of keys, in which these have other numbers.
    if from.definition() == to.definition() && to.definition().key_sets().is_empty() {
        return set.clone();
    }
    let keys = set.iter().filter_map(|index| from.key_of(index).ok());
    keys.filter_map(|key| to.known_index(&key.to_string())).collect()
}

/// What is left to be made of the assets of a run, if it is under way.
fn of_run(
    runs: &(impl ReadRuns + ?Sized),
    known: &(impl ReadAssets + ?Sized),
    mut run: RunRecord,
) -> Result<Vec<Open>, StorageError> {
    if !matches!(RunState::look(runs, &mut run)?, RunState::Running | RunState::Canceling) {
        return Ok(Vec::new());
    }
    let pinned = runs.pinned(run.id)?;
    let mut left = Left::of(run.id, &pinned);
    if left.assets.is_empty() {
        return Ok(Vec::new());
    }
    // What goes on from the end of another run makes nothing anew that succeeded there.
    let mut earlier = Vec::new();
    let mut next = pinned.upstream.filter(|_| pinned.selection.is_none());
    while let Some(run) = next.filter(|run| !earlier.contains(run)) {
        earlier.push(run);
        next = runs.pinned(run)?.upstream;
    }
    for run in earlier.into_iter().rev() {
        left.follow(runs, run, Tells::of_earlier)?;
        left.refuse(known, run)?;
    }
    left.assets.iter_mut().for_each(|open| open.begun = PartitionSet::new());
    if left.follow(runs, run.id, Tells::of)? {
        // Nothing starts any more.
        left.assets.iter_mut().for_each(|open| open.left = &open.left & &open.begun);
    }
    for open in &mut left.assets {
        open.await_facts(known)?;
    }
    Ok(left.assets)
}

/// What is left to be made in a run, as its log goes on.
struct Left {
    assets: Vec<Open>,
    /// By the names of steps, which of the assets they make.
    steps: HashMap<String, Range<usize>>,
}

/// What an event says of what a step makes.
enum Tells<'a> {
    Begun,
    /// It will begin, or begin again.
    Open,
    /// It is over, with all of the step.
    Over,
    /// With this asset alone.
    OverWith(&'a AssetKey),
}

impl Tells<'_> {
    fn of(kind: &EventKind) -> Option<Tells<'_>> {
        match kind {
            EventKind::StepInterrupted => Some(Tells::Open),
            EventKind::AssetMaterialization { asset, .. }
            | EventKind::AssetFailedToMaterialize { asset, observed: false, .. } => {
                Some(Tells::OverWith(asset))
            }
            EventKind::StepFailure { .. } | EventKind::StepSkipped { .. } => Some(Tells::Over),
            _ => Self::of_earlier(kind),
        }
    }

    /// Of a run from whose end another one goes on: what failed there is still to be made.
    fn of_earlier(kind: &EventKind) -> Option<Tells<'_>> {
        match kind {
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } => Some(Tells::Begun),
            EventKind::StepLost { .. } => Some(Tells::Open),
            EventKind::StepSuccess | EventKind::StepMemoized { .. } => Some(Tells::Over),
            EventKind::StepSkipped { cause } if cause.is_absence() => Some(Tells::Over),
            _ => None,
        }
    }
}

impl Left {
    /// All that a run is for, before it begins.
    fn of(run: RunId, pinned: &Pinned) -> Self {
        let (mut assets, mut steps) = (Vec::new(), HashMap::new());
        let told = pinned.partitions.as_ref();
        let (now, keys) = told.map(|told| (told.now, told.keys.clone())).unwrap_or_default();
        let told = told.and_then(|told| told.selection.as_deref());
        // The run itself has found them before it began.
        let Ok(told) = ForPartitions::of(&pinned.plan, told, now, keys) else {
            return Self { assets, steps };
        };
        for step in pinned.plan.steps.iter().filter(|step| !step.given && !step.assets.is_empty()) {
            let first = assets.len();
            let of_asset = |asset: &PlannedAsset| {
                let partitions = asset.partitions.map(|number| Arc::clone(&told.of[number]));
                let left = partitions.as_ref().map_or_else(|| [0].into_iter().collect(), |of| of.set.clone());
                let (begun, told) = (PartitionSet::new(), Vec::new());
                let mut open = Open { run, asset: asset.key.clone(), partitions, left, begun, told };
                if !step.only.is_empty() {
                    let only = step.only.iter().filter_map(|path| open.made_at(&path.parse().ok()?));
                    open.left = &open.left & &only.collect();
                }
                open
            };
            assets.extend(step.assets.iter().map(of_asset));
            steps.insert(step.name.clone(), first..assets.len());
        }
        // These are there.
        for fact in pinned.loaded.iter().filter(|_| pinned.only_missing) {
            for open in assets.iter_mut().filter(|open| open.asset == fact.asset) {
                open.index(fact.partition.as_deref()).map(|index| open.left.remove(index));
            }
        }
        Self { assets, steps }
    }

    /// Goes through the log of a run; whether that is being canceled.
    fn follow(
        &mut self,
        runs: &(impl ReadRuns + ?Sized),
        run: RunId,
        tells: fn(&EventKind) -> Option<Tells<'_>>,
    ) -> Result<bool, StorageError> {
        let mut is_canceling = false;
        runs.events(run)?.events(0, false, &mut |logged| {
            is_canceling |= matches!(logged.event.kind, EventKind::RunCanceling);
            self.apply(&logged.event, tells);
            ControlFlow::Continue(())
        })?;
        Ok(is_canceling)
    }

    /// What blocking checks of an earlier run have refused is made anew.
    fn refuse(&mut self, known: &(impl ReadAssets + ?Sized), run: RunId) -> Result<(), StorageError> {
        for (asset, partition) in refused_by(known, run)? {
            for open in self.assets.iter_mut().filter(|open| open.asset == asset) {
                let of = open.partitions.as_deref().map(|partitions| &partitions.set);
                let index = open.index(partition.as_deref());
                let index = index.filter(|index| of.is_none_or(|of| of.contains(*index)));
                index.into_iter().for_each(|index| _ = open.left.insert(index));
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: &Event, tells: fn(&EventKind) -> Option<Tells<'_>>) {
        let (Some(path), Some(told)) = (&event.step, tells(&event.kind)) else { return };
        let Some(range) = self.steps.get(path.name()) else { return };
        for open in &mut self.assets[range.clone()] {
            let Some(index) = open.made_at(path) else { continue };
            match told {
                Tells::Begun => {
                    open.left.insert(index);
                    open.begun.insert(index);
                }
                Tells::Open => {
                    open.left.insert(index);
                    open.begun.remove(index);
                }
                Tells::OverWith(asset) if *asset != open.asset => {}
                Tells::Over => _ = open.left.remove(index),
                Tells::OverWith(_) => {
                    open.left.remove(index);
                    open.told.push((index, event.time));
                }
            }
        }
    }
}
