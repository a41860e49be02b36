use std::sync::{Arc, Mutex};

use super::archive::{Archive, Which};
use super::folded::Folded;
use super::gone_on::Anew;
use super::recall::Recall;
use super::record::files;
use super::values::SmallValues;
use crate::asset::{AssetKey, InputVersion};
use crate::define::{KeptOutput, OpDef, OutputKind};
use crate::engine::{Memory, Remembered};
use crate::event::{LostCause, Recorded, RecordedEnd, RecordedStep, RecordedValue, RunView, Taken};
use crate::ids::{PathMap, QuickMap, RunId, StepPath};
use crate::io::IoManagers;
use crate::plan::{Known, KnownEnd, Program, Step, forget_torn};
use crate::storage::{Pinned, ReadEvents, Storage, StorageError, StorageErrorKind};

/// What is recorded of a run, and behind it of the runs that it takes values from: of each step what the last run says
/// that ran it, and the way to the values.
pub(super) struct Lineage {
    pub(super) recorded: Recorded,
    own: Arc<Archive>,
    /// Of steps that an earlier run has made.
    earlier: PathMap<Arc<Archive>>,
    /// What was taken of other runs in the place of memoized steps.
    recall: Arc<Recall>,
}

/// All that is recorded of a run.
pub(super) struct History {
    pub(super) recorded: Recorded,
    pub(super) view: RunView,
    values: SmallValues,
    events: Box<dyn ReadEvents>,
}

impl History {
    /// What is recorded of a run; with the versions of its values, if memoized steps may take them.
    pub(super) fn read(storage: &dyn Storage, run: RunId, versioned: bool) -> Result<Self, StorageError> {
        let (mut values, events) = (SmallValues::new(versioned), storage.events(run)?);
        let Folded { recorded, view } = Folded::apart(|each| {
            events.history(&mut |logged, value| {
                value.iter().for_each(|value| values.keep(logged.number, value));
                each(logged);
            })
        })?;
        Ok(Self { recorded, view, values, events })
    }
}

impl Lineage {
    /// That of a run, of which this is recorded. Of what earlier runs have made that does not count which it makes `anew`.
    pub(super) fn of(
        storage: &Arc<dyn Storage>,
        run: RunId,
        history: History,
        io: &Arc<IoManagers>,
        anew: &Anew<'_>,
    ) -> Result<Self, StorageError> {
        let versioned = history.values.is_versioned();
        let mut chain = vec![(run, storage.pinned(run)?, history)];
        while let Some((last, pinned, _)) = chain.last()
            && let Some(upstream) = pinned.upstream.filter(|upstream| upstream != last)
        {
            let found = History::read(&**storage, upstream, versioned)
                .and_then(|history| Ok((upstream, storage.pinned(upstream)?, history)));
            chain.push(found.map_err(|error| match error.kind() {
                StorageErrorKind::NotFound => lacks(run, upstream),
                _ => error,
            })?);
        }
        let recall = Arc::new(Recall::new(storage, io, run));
        let goes_on: Vec<bool> = chain.iter().map(|(_, pinned, _)| pinned.selection.is_none()).collect();
        let mut before: Option<Self> = None;
        // From the first run on: what one makes anew may be of what the one before it has not.
        for (at, (id, pinned, history)) in chain.into_iter().enumerate().rev() {
            let (recorded, own) = Self::of_one(storage, id, history, &pinned, io)?;
            let mut lineage =
                Self { recorded, own, earlier: PathMap::default(), recall: Arc::clone(&recall) };
            if at > 0 {
                lineage.recorded.forget_failures();
            }
            before.into_iter().for_each(|before| lineage.adopt(before, &pinned));
            if at > 0 && goes_on[at - 1] {
                anew.forget(id, &pinned, &mut lineage.recorded)?;
            }
            forget_torn(anew.program, &mut lineage.recorded);
            before = Some(lineage);
        }
        before.ok_or_else(|| lacks(run, run))
    }

    /// Takes over what the run that this one goes on from has come to, of what it was not to make itself.
    fn adopt(&mut self, before: Self, pinned: &Pinned) {
        let Self { recorded, own, earlier, .. } = before;
        let adopted = self.recorded.adopt(recorded, |path| has_left_out(pinned, path));
        let adopted = adopted.into_iter().map(|path| {
            let archive = Arc::clone(earlier.get(&path).unwrap_or(&own));
            (path, archive)
        });
        self.earlier.extend(adopted);
    }

    fn of_one(
        storage: &Arc<dyn Storage>,
        run: RunId,
        history: History,
        pinned: &Pinned,
        io: &Arc<IoManagers>,
    ) -> Result<(Recorded, Arc<Archive>), StorageError> {
        let History { recorded, values, events, .. } = history;
        let archive = Archive {
            run,
            job: pinned.plan.job.as_str().into(),
            values,
            events: Mutex::new(events),
            files: files(&**storage, run)?,
            io: Arc::clone(io),
            assets: pinned
                .plan
                .steps
                .iter()
                .filter(|step| !step.assets.is_empty())
                .map(|step| (step.name.clone(), step.assets.clone()))
                .collect(),
            partitions: pinned.plan.partitions.clone(),
        };
        Ok((recorded, Arc::new(archive)))
    }

    /// Whether the run itself has made this step, and not an earlier one.
    pub(super) fn is_own(&self, path: &StepPath) -> bool {
        !self.earlier.contains_key(path)
    }

    /// The run that has made this step.
    pub(super) fn made_by(&self, path: &StepPath) -> RunId {
        self.archive(path).run
    }

    fn archive(&self, path: &StepPath) -> &Arc<Archive> {
        self.earlier.get(path).unwrap_or(&self.own)
    }

    /// Whether a value can be read.
    pub(super) fn readable(&self, which: &Which, recorded: &RecordedValue) -> Result<(), LostCause> {
        self.archive(&which.path).readable(which, recorded)
    }

    /// What a step that succeeded has given.
    pub(super) fn outputs(&self, path: &StepPath, op: &Arc<OpDef>, step: &RecordedStep) -> Vec<KeptOutput> {
        self.archive(path).outputs(path, op, step)
    }

    /// What a step gives in whose place something else was taken: of its assets the materializations, if `memory` has them, of a
    /// memoized one what another has given.
    pub(super) fn taken(
        &self,
        program: &Program,
        step: usize,
        (of, taken): &(RunId, Taken),
        memory: &Memory,
        is_taken: impl Fn(&Remembered) -> bool,
    ) -> Option<Vec<KeptOutput>> {
        match taken {
            Taken::Assets(assets) => {
                let InputVersion { asset, partition, .. } = assets.first()?;
                passed_over(program, step, (asset, partition), memory, is_taken)
            }
            Taken::Step(by) => self.recall.outputs((*of, by), &program.ops[step]),
        }
    }

    /// What another run can take from this one, of the steps of this program: of those alone all of whose outputs are kept, and
    /// of those that it passed over what it took instead, if that is still in `memory`.
    pub(super) fn known(&self, program: &Program, memory: &Memory) -> Known {
        let numbers = numbers_of(program);
        let mut known = Known::default();
        for (path, step) in self.recorded.steps() {
            let Some(&number) = numbers.get(path.name()) else { continue };
            let op = &program.ops[number];
            match step.end() {
                Some(RecordedEnd::Succeeded) if step.is_kept() => {
                    let outputs = self.outputs(path, op, step);
                    let (_, known) = known.step_mut(path.clone(), op);
                    known.outputs = outputs;
                    known.ended(KnownEnd::Succeeded);
                }
                Some(RecordedEnd::Memoized(taken)) => {
                    let is_taken = |found: &Remembered| {
                        let taken = self
                            .recorded
                            .assets()
                            .get(&found.fact.asset, &found.fact.partition.as_deref().map(Into::into));
                        taken.and_then(|version| version.run) == Some(found.fact.run)
                    };
                    let outputs = self.taken(program, number, taken, memory, is_taken);
                    let is_value = |kept: &KeptOutput| matches!(kept, KeptOutput::Value(_));
                    // What others of its graph would have taken of it is nowhere, and was not left out.
                    let is_of_graph = program.plan.steps[number].graph.is_some();
                    let is_known = |kept: &Vec<_>| !is_of_graph || kept.iter().all(is_value);
                    let Some(outputs) = outputs.filter(is_known) else { continue };
                    let (_, known) = known.step_mut(path.clone(), op);
                    known.outputs = outputs;
                    known.ended(KnownEnd::Succeeded);
                }
                Some(RecordedEnd::Skipped(cause)) if cause.is_absence() => {
                    known.step_mut(path.clone(), op).1.ended(KnownEnd::Skipped);
                }
                _ => {}
            }
        }
        known
    }
}

/// What a step gives that was passed over: of each of its assets, or of this partition of each, the materialization that was
/// taken, if `memory` has it. What others of its graph would have taken is nothing, if the asset of that is there.
pub(super) fn passed_over(
    program: &Program,
    step: usize,
    (asset, partition): (&AssetKey, &Option<Arc<str>>),
    memory: &Memory,
    is_taken: impl Fn(&Remembered) -> bool,
) -> Option<Vec<KeptOutput>> {
    let find = |asset: &AssetKey| memory.get(asset, partition).filter(|found| is_taken(found));
    let is_of_graph = || program.plan.steps[step].graph.is_some() && find(asset).is_some();
    let outputs = program.ops[step].outputs().iter().enumerate();
    let outputs = outputs.map(|(output, declared)| match (program.asset(step, output), declared.kind) {
        (Some(asset), _) => Some(KeptOutput::Value(find(&asset.key)?.value.again())),
        // An asset that was not asked for.
        (None, OutputKind::Optional) => Some(KeptOutput::Absent),
        (None, OutputKind::Dynamic) => is_of_graph().then(|| KeptOutput::Items(Vec::new())),
        (None, OutputKind::Single) => is_of_graph().then_some(KeptOutput::Absent),
    });
    outputs.collect()
}

/// The steps of a program by their names.
pub(super) fn numbers_of(program: &Program) -> QuickMap<&str, usize> {
    program.plan.steps.iter().map(|step| step.name.as_str()).zip(0..).collect()
}

/// What another run has made is needed, and that is not there: to make it anew in its stead is not what was asked for.
pub(super) fn lacks(run: RunId, upstream: RunId) -> StorageError {
    let message = format!("the run {run} takes values of the run {upstream}, which is not recorded here");
    StorageError::new(StorageErrorKind::NotFound, message)
        .hint("import that too, `runs import FILE`, or run the job anew")
}

/// Whether a run was not to make this step itself: then what an earlier one has made of it counts.
fn has_left_out(pinned: &Pinned, path: &StepPath) -> bool {
    if pinned.selection.is_none() {
        return true;
    }
    let left_out =
        |step: &Step| step.given || !(step.only.is_empty() || step.only.contains(&path.to_string()));
    pinned.plan.step(path.name()).is_none_or(left_out)
}
