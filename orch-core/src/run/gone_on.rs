use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::RunError;
use super::lineage::{History, Lineage};
use super::partitions::{ForPartitions, taken_by_key};
use super::resume::behind;
use crate::asset::{AssetKey, EvaluationQuery, Versions};
use crate::engine::{Memory, Past};
use crate::event::{Recorded, RecordedEnd};
use crate::ids::{Branch, MappingKey, RunId, StepPath};
use crate::io::IoManagers;
use crate::plan::{Ended, Program, forget_dependents, forget_torn};
use crate::storage::{Pinned, ReadAssets, Storage, StorageError};

/// What a new run goes on with that goes on from the end of another one.
pub(super) struct GoneOn {
    /// The steps that do not run.
    pub(super) ended: Vec<(StepPath, Ended)>,
    /// The versions of the assets that the other one has made.
    pub(super) made: Versions,
    /// The steps whose values cannot be read any more, each with the run that has made it.
    pub(super) lost: HashSet<(RunId, StepPath)>,
}

/// What a new run goes on with that goes on from the end of this one.
pub(super) fn gone_on(
    storage: &Arc<dyn Storage>,
    run: RunId,
    program: &Program,
    io: &Arc<IoManagers>,
    (memory, since): (&Memory, &Versions),
) -> Result<GoneOn, RunError> {
    let pinned = storage.pinned(run).map_err(RunError::storage)?;
    let mut history =
        History::read(&**storage, run, program.plan.has_memoized()).map_err(RunError::storage)?;
    history.recorded.forget_failures();
    let anew = Anew { storage: &**storage, program, memory, since };
    let mut lineage = Lineage::of(storage, run, history, io, &anew).map_err(RunError::storage)?;
    anew.forget(run, &pinned, &mut lineage.recorded).map_err(RunError::storage)?;
    let made = lineage.recorded.assets().clone();
    let (ended, past) = behind(program, &pinned, &lineage, memory, Past::default());
    let lost = past.lost.into_iter().map(|(path, ..)| (lineage.made_by(&path), path)).collect();
    Ok(GoneOn { ended, made, lost })
}

/// What a run makes anew that goes on from the end of another one, of what that has made.
///
/// It follows from the other run and from what is taken in the place of what that has made, and is found again when the run is
/// taken up after it was interrupted.
pub(super) struct Anew<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) program: &'a Program,
    pub(super) memory: &'a Memory,
    /// What is given since others have made it anew.
    pub(super) since: &'a Versions,
}

impl Anew<'_> {
    /// Forgets it, of what is recorded of the other run.
    pub(super) fn forget(
        &self,
        run: RunId,
        pinned: &Pinned,
        recorded: &mut Recorded,
    ) -> Result<(), StorageError> {
        forget_refused(self.storage, run, self.program, recorded)?;
        let mut anew = self.passed_over_and_lost(pinned, recorded);
        anew.extend(replaced(self.program, recorded));
        let taken = taken_by_key(&self.program.plan, pinned.partitions.as_ref());
        forget_dependents(&self.program.plan, recorded, anew, &taken);
        while forget_torn(self.program, recorded) {
            forget_dependents(&self.program.plan, recorded, Vec::new(), &taken);
        }
        Ok(())
    }

    /// Forgets what the run had passed over for the sake of materializations that are not what lies there by now. Gives the copies that
    /// are begun anew so, by the numbers of their steps: of what is made only where it is missing, the run has told nothing.
    fn passed_over_and_lost(
        &self,
        pinned: &Pinned,
        recorded: &mut Recorded,
    ) -> Vec<(usize, Vec<MappingKey>)> {
        let Self { program, memory, since, .. } = *self;
        let steps = program.plan.steps.iter().enumerate();
        let makers: HashMap<_, _> = steps
            .flat_map(|(number, step)| step.assets.iter().map(move |asset| (&asset.key, (number, asset))))
            .collect();
        let of = pinned.partitions.as_ref().and_then(|told| {
            ForPartitions::of(&pinned.plan, told.selection.as_deref(), told.now, told.keys.clone()).ok()
        });
        let mut anew = Vec::new();
        for fact in &pinned.loaded {
            let Some(&(number, asset)) = makers.get(&fact.asset) else { continue };
            let partition = fact.partition.as_deref();
            // An asset may have taken others of its own that the run was not to make.
            let within = asset.partitions.and_then(|within| of.as_ref()?.of.get(within));
            let index = within.and_then(|within| within.keyspace.find(partition?));
            if within.is_some_and(|within| !index.is_some_and(|index| within.set.contains(index))) {
                continue;
            }
            let branch = partition.map(|key| Branch::new(None, key.into(), 0));
            let path = StepPath::new(program.plan.steps[number].name.as_str(), branch);
            let is_made =
                recorded.step(&path).is_some_and(|step| matches!(step.end(), Some(RecordedEnd::Succeeded)));
            let copy = (number, partition.map(Into::into).into_iter().collect());
            // It was given to that run, and something else is given now.
            let given = since.get(&fact.asset, &partition.map(Into::into));
            if given.is_some_and(|given| given.run != Some(fact.run)) {
                anew.push(copy);
                continue;
            }
            let remembered = memory.get(&fact.asset, &partition.map(Into::into));
            if is_made
                || program.is_given(&path)
                || remembered.is_some_and(|found| found.fact.run == fact.run)
            {
                continue;
            }
            recorded.number(&path).into_iter().for_each(|number| recorded.forget(number));
            anew.push(copy);
        }
        anew
    }
}

/// Forgets what something else is given for: others have made it anew since. Gives those copies, by the numbers of their steps: what
/// depends on them is begun anew.
fn replaced(program: &Program, recorded: &mut Recorded) -> Vec<(usize, Vec<MappingKey>)> {
    if !program.has_given() {
        return Vec::new();
    }
    let steps: HashMap<&str, usize> =
        program.plan.steps.iter().zip(0..).map(|(step, number)| (step.name.as_str(), number)).collect();
    let given = recorded.steps().filter(|(path, step)| step.end().is_some() && program.is_given(path));
    let given = given.filter_map(|(path, _)| {
        let keys = path.branch().map(Branch::keys).unwrap_or_default();
        let copy = (*steps.get(path.name())?, keys.into_iter().cloned().collect());
        Some((recorded.number(path)?, copy))
    });
    let given: Vec<(u32, (usize, Vec<MappingKey>))> = given.collect();
    let forgotten = given.into_iter().map(|(number, copy)| {
        recorded.forget(number);
        copy
    });
    forgotten.collect()
}

/// What blocking checks of this run have found to be wrong: of the same they would find the same, so that is made anew by what
/// goes on from it, of an asset with partitions that partition.
pub(super) fn refused_by(
    storage: &(impl ReadAssets + ?Sized),
    run: RunId,
) -> Result<HashSet<(AssetKey, Option<String>)>, StorageError> {
    let found = EvaluationQuery { run: Some(run), ..EvaluationQuery::default() };
    let found = storage.evaluations(&found)?;
    let refused = found.into_iter().filter(|fact| fact.blocking && fact.result.is_error());
    Ok(refused.map(|fact| (fact.asset, fact.partition)).collect())
}

/// Forgets what was refused.
fn forget_refused(
    storage: &dyn Storage,
    run: RunId,
    program: &Program,
    recorded: &mut Recorded,
) -> Result<(), StorageError> {
    for (asset, partition) in &refused_by(storage, run)? {
        let made_by = program.makers.iter().find(|maker| maker.asset.key() == asset);
        let Some(steps) = made_by.map(|maker| &maker.steps) else { continue };
        let is_of = |path: &&StepPath| {
            // Within a partition there may be maps of its own.
            let outermost = path.branch().and_then(|branch| branch.keys().first().map(ToString::to_string));
            steps.iter().any(|step| step == path.name()) && (partition.is_none() || outermost == *partition)
        };
        let paths = recorded.steps().map(|(path, _)| path).filter(is_of);
        let numbers: Vec<_> = paths.filter_map(|path| recorded.number(path)).collect();
        numbers.into_iter().for_each(|number| recorded.forget(number));
    }
    Ok(())
}
