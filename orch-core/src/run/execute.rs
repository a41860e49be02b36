use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::vec::Drain;

use jiff::Timestamp;

use super::check::{Checked, Wanted};
use super::gone_on::{GoneOn, gone_on, refused_by};
use super::keeper::Keeper;
use super::lifecycle::{Lifecycle, Resources};
use super::loader::{Loaded, Loader};
use super::opened::Opened;
use super::partitions::{ForPartitions, Reader, Telling, key_sets, keys_of};
use super::recall::Recall;
use super::record::{Record, Recording, Upstream};
use super::resume::TakenUp;
use super::{Run, RunError, Runner, instance, runtime, stored};
use crate::asset::{Materialization, Versions};
use crate::config::{RunConfig, Scrubber};
use crate::define::{Cancel, KnownAssets, ReadsAssets, RunContext, Tags};
use crate::engine::{
    Broken, Dispatcher, Earlier, Memory, Message, Past, Settings, State, Surroundings, Timer,
};
use crate::event::{Event, EventKind, Journal, Taken, Tee};
use crate::ids::{RunId, StepPath};
use crate::io::IoManagers;
use crate::plan::{Plan, PlanError, Problem, Program, Step};
use crate::step::Local;
use crate::storage::{Made, Pinned, Storage, StorageError};

/// The tag of a run that says for which partitions it is.
pub(crate) const PARTITION_TAG: &str = "orch/partition";

/// Running what was configured.
impl Runner {
    /// The plan of this run: with its pools, IO managers, resources and options checked, as [`Runner::run`] does before any
    /// step begins. So is its configuration, but for what is not there: a plan needs no values. [`Job::try_plan`](crate::graph::Job::try_plan) knows the
    /// job alone.
    ///
    /// # Errors
    /// All that is wrong with the job or with what the run gives it, with places in the source.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let Checked { program, tags, .. } = self.check_for(Wanted::Plan)?;
        let mut plan = program.plan;
        plan.tags.extend(tags);
        plan.tags.extend(self.tags.clone());
        Ok(plan)
    }

    /// Runs the job to its end, on a runtime of its own.
    ///
    /// # Errors
    /// As [`Runner::run`], and if no thread can be started. Also if it is called by async code, which would then wait
    /// for itself; there, await [`Runner::run`].
    pub fn run_blocking(self) -> Result<Run, RunError> {
        runtime::check_blocking()?;
        let runtime = self.runtime()?;
        self.run_on(runtime)
    }

    /// As [`Runner::run_blocking`], under a clock that jumps over all waiting.
    #[cfg(feature = "testing")]
    pub(crate) fn run_paused(self) -> Result<Run, RunError> {
        runtime::check_blocking()?;
        let runtime = runtime::paused_with_room_for(self.slots())?;
        self.run_on(runtime)
    }

    fn run_on(self, runtime: tokio::runtime::Runtime) -> Result<Run, RunError> {
        let result = runtime.block_on(self.run());
        // Code that outlived a canceled run or a timeout is not waited for.
        runtime.shutdown_background();
        result
    }

    /// A runtime for this run: with a timer, and with a blocking thread for each step that may run at once. It is
    /// what [`Runner::run_blocking`] brings.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn runtime(&self) -> Result<tokio::runtime::Runtime, RunError> {
        runtime::with_room_for(self.slots())
    }

    /// Runs the job to its end, on the tokio runtime that polls the future; it must have its timer enabled. If the
    /// future is dropped before, the run is canceled.
    ///
    /// # Errors
    /// If the job cannot be planned or the runtime will not do, before any step began; or if the run failed, was
    /// canceled or broke off, with the run in the error. [`RunErrorKind`](super::RunErrorKind) has all that can happen.
    pub async fn run(mut self) -> Result<Run, RunError> {
        // A run that goes on only to be canceled needs no values.
        let ends = self.interrupted.is_some() && self.cancel.is_canceled();
        let wanted = if ends { Wanted::Plan } else { Wanted::Run };
        let checked = self.check_for(wanted).map_err(RunError::plan)?;
        let (recipes, of_ops) = self.recipes_of(&checked);
        let Checked { program, wiring, configured, tags, given } = checked;
        runtime::check()?;
        let io = Arc::new(std::mem::take(&mut self.environment.io));
        let scrubber = configured.scrubber(&program);
        let storage = self.storage().map(Arc::clone);
        let history = storage.as_ref().map(instance::of);
        let keys = instance::keys_for(storage.as_ref(), self.keys.as_ref());
        let recall = storage.as_ref().map(|storage| Arc::new(Recall::new(storage, &io, self.id)));
        let (program, partitions, loaded) = self.load_assets(program, &io).await?;
        let Loaded { facts, mut versions, reader, memory, since, .. } = loaded;
        let Behind { program, taken_up, past, made, lost } =
            self.behind(program, &io, &scrubber, (&memory, &since, reader.as_ref())).await?;
        versions.extend(std::mem::take(&mut self.made));
        if let Some(reader) = &reader {
            reader.remember(&memory, made.iter());
        }
        versions.extend(made);
        versions.extend(since);
        let pinned_partitions = partitions.pinned_with(reader.iter().flat_map(|reader| reader.taken()));
        let resumed = past.is_some();
        let (program, ops) = self.remember_steps(program, of_ops, recall, lost).await?;
        let program = Arc::new(program);
        let mut tags = tags;
        tags.extend(self.tags.clone());
        tags.extend(self.own.clone());
        if let Some(selection) = partitions.pinned.as_ref().and_then(|pinned| pinned.selection.clone()) {
            tags.insert(PARTITION_TAG.to_owned(), selection);
        }
        let assets = KnownAssets { history, ..program.known_assets() };
        let memoized = Arc::clone(&assets.memoized);
        // Those that an earlier process has passed over.
        let before = versions.of_others(self.id);
        memoized.lock().unwrap_or_else(PoisonError::into_inner).extend(before);
        let context = Arc::new(RunContext {
            run: self.id,
            job: program.plan.job.as_str().into(),
            tags: program.plan.tags.clone().into_iter().chain(tags.clone()).collect(),
            cancel: Cancel::new(),
            reader: reader.clone().map(|reader| reader as Arc<dyn ReadsAssets>),
            partitions: partitions.by_step(&program.plan),
            assets,
            keys,
            given: RwLock::default(),
            hooks: RwLock::default(),
        });
        let workers = self.workers(&program, &wiring, &given, &context);
        let opened = Opened::new(wiring, configured, Arc::clone(&program), Arc::clone(&context));
        let lifecycle: Arc<dyn Lifecycle> = Arc::new(opened);
        #[cfg(test)]
        let lifecycle = self.lifecycle.clone().unwrap_or(lifecycle);
        let surrounded = !lifecycle.keys().is_empty() || workers.is_some();
        let resources = surrounded.then(|| Resources::new(lifecycle, workers.clone()));
        let settings = self.settings(&program, tags, scrubber.clone(), resources.is_some());
        let was_canceling = past.as_ref().is_some_and(|past| past.canceling);
        let (memory_of_assets, ops) = (Arc::clone(&memory), Arc::new(ops));
        let earlier = reader.clone().map(|reader| reader as Arc<dyn Earlier>);
        let settings =
            Settings { past, versions, recipes, memory: memory_of_assets, ops, earlier, ..settings };
        let recording = match self.record.take() {
            Some(record) => {
                let mut pinned = self.pinned(&program, &given, facts);
                pinned.partitions = pinned_partitions;
                Some(record.begin(pinned, &context).await?)
            }
            None => taken_up,
        };
        let stops = reader.clone().filter(|reader| reader.reads_what_is_made());
        let (journal, files) = recording.map(|recording| (recording.journal, recording.files)).unzip();
        let told = reader.filter(|reader| reader.reads_what_is_made());
        let journal = journal.map(|journal| match told {
            Some(reader) => Box::new(Telling::new(journal, reader, memory)) as Box<dyn Journal>,
            None => Box::new(journal),
        });
        #[cfg(test)]
        let journal = match self.journal.take() {
            Some(other) => Some(other.into_inner().unwrap_or_else(PoisonError::into_inner)),
            None => journal,
        };
        let executor = Local::new(Arc::clone(&program), context, io, files, workers);
        let mut keeper = Keeper::new(self.id, Arc::clone(&program), self.earlier);
        if resumed && self.keep_outputs {
            keeper.recall();
        }
        let keeper = Arc::new(Mutex::new(keeper));
        let mut sinks = Tee::new();
        if self.memoizes {
            // What has looked at an asset is told apart by whether it was made, which is known before anything follows from it.
            sinks.add(move |event: &Event| {
                if let EventKind::StepMemoized { taken: Taken::Assets(assets), .. } = &event.kind {
                    let assets = assets.iter().map(|taken| (taken.asset.clone(), taken.partition.clone()));
                    memoized.lock().unwrap_or_else(PoisonError::into_inner).extend(assets);
                }
            });
        }
        if let Some(reader) = stops {
            // What reads a partition is told of it before it begins.
            sinks.add(move |event: &Event| {
                reader.stopped().take(event.step.as_ref(), &event.kind);
                reader.looked(event);
            });
        }
        if self.keep_events {
            let keeper = Arc::clone(&keeper);
            sinks.add(move |event: &Event| lock(&keeper).event(event));
        }
        sinks.add_all(self.sinks);
        let watcher = Arc::clone(&keeper);
        let keep = Box::new(move |kept: Drain<'_, _>| kept.for_each(|kept| lock(&watcher).keep(kept)));
        let state = State::new(Arc::clone(&program), settings);
        let surroundings = resources.clone().map(|resources| Box::new(resources) as Box<dyn Surroundings>);
        let dispatcher = Dispatcher::new(state, sinks, keep, Box::new(executor), surroundings, journal);
        let _guard = CancelOnDrop(Arc::clone(&dispatcher));
        let canceled_before = was_canceling || self.cancel.is_canceled();
        dispatcher.report_only(if canceled_before { Message::BeginCanceled } else { Message::Begin });
        let ended = dispatcher.ended();
        tokio::pin!(ended);
        let broken = tokio::select! {
            biased;
            broken = &mut ended => broken,
            () = Box::pin(cancel_when_asked(&self.cancel, &dispatcher)) => ended.await,
        };
        // From here on someone else can go on with it, or remove it. To close its files may take a moment.
        let (written, is_canceled) = (Arc::clone(&dispatcher), self.cancel.is_canceled());
        let end = move || {
            drop(written.take_journal());
            if let Some(storage) = storage.filter(|_| !is_canceled) {
                // If it cannot be found out now, whoever asks does.
                let _ = partitions.prepare_status(&program.plan, &*storage);
            }
        };
        let _ = tokio::task::spawn_blocking(end).await;
        if broken.is_some()
            && let Some(resources) = resources
        {
            // Of this nobody is told any more, and it is no reason to wait for ever.
            let _ = tokio::time::timeout(self.grace, resources.closed()).await;
        }
        let finished = std::mem::replace(&mut *lock(&keeper), Keeper::empty());
        finished.finish(
            broken.map(|broken| Broken { message: scrubber.scrub(&broken.message).into_owned(), ..broken }),
        )
    }

    /// The partitions that a run of this plan is for.
    pub(super) fn for_partitions(&self, plan: &Plan) -> Result<ForPartitions, Vec<Problem>> {
        let now = self.begun.or(self.now).unwrap_or_else(Timestamp::now);
        let keys = match &self.keys {
            Some(keys) => keys.of(&key_sets(plan)),
            None => keys_of(plan, self.storage().map(|storage| &**storage))?,
        };
        let partitions = ForPartitions::of(plan, self.partition.as_deref(), now, keys)?;
        Ok(ForPartitions { goes_on: self.begun.is_some(), ..partitions })
    }

    /// Where the run is recorded, or was before it goes on.
    fn storage(&self) -> Option<&Arc<dyn Storage>> {
        let recorded = self.record.as_ref().map(|record| &record.storage);
        self.interrupted.as_ref().map(|interrupted| &interrupted.storage).or(recorded)
    }

    /// Finds the partitions that the run is for, and the assets that it takes and does not make, on a thread that may block.
    async fn load_assets(
        &mut self,
        mut program: Program,
        io: &Arc<IoManagers>,
    ) -> Result<(Program, ForPartitions, Loaded), RunError> {
        if self.keys.is_none()
            && let Some(storage) = self.storage().map(Arc::clone)
        {
            let read = runtime::blocking(move || match keys_of(&program.plan, Some(&*storage)) {
                Ok(keys) => Ok((program, keys)),
                Err(problems) => Err(RunError::plan(PlanError::new(program.plan.job, problems))),
            });
            let (same, keys) = read.await?;
            (program, self.keys) = (same, Some(keys));
        }
        let partitions = self
            .for_partitions(&program.plan)
            .map_err(|problems| RunError::plan(PlanError::new(program.plan.job.clone(), problems)))?;
        if program.loads().next().is_none() && !program.plan.steps.iter().any(Step::is_of_assets) {
            return Ok((program, partitions, Loaded::default()));
        }
        let storage = self.storage().map(Arc::clone);
        let pinned = self.interrupted.as_ref().map(|interrupted| &interrupted.pinned);
        let went_on = pinned.and_then(|pinned| pinned.upstream.filter(|_| pinned.selection.is_none()));
        let before = pinned.map(|pinned| (pinned.loaded.clone(), pinned.upstream));
        let upstream = self.record.as_ref().and_then(|record| record.upstream);
        let failed = upstream.filter(|upstream| upstream.goes_on).map(|upstream| upstream.run);
        let upstream = upstream.map(|upstream| upstream.run);
        let (io, run) = (Arc::clone(io), self.id);
        let (memoizes, only_missing) = (self.memoizes, self.only_missing);
        let mut heeded = Vec::new();
        if memoizes || only_missing {
            heeded.extend(program.plan.steps.iter().filter_map(|step| step.check.clone()));
            heeded.extend(self.heeded.iter().cloned());
        }
        runtime::blocking(move || {
            let goes_on = before.is_some();
            let (mut taken, before) = before.unwrap_or_default();
            // What goes on with the values of another run passes over what that would have passed over; of others it takes what
            // there is now.
            if let (Some(storage), Some(upstream)) = (&storage, upstream) {
                let made = program.made();
                taken = storage.pinned(upstream).map_err(RunError::storage)?.loaded;
                taken.retain(|fact| made.contains(&fact.asset));
            }
            let ancestors = match &storage {
                Some(storage) => ancestors(&**storage, upstream.or(before)).map_err(RunError::storage)?,
                None => Vec::new(),
            };
            let job = program.plan.job.as_str().into();
            let refused = match (&storage, failed) {
                (Some(storage), Some(failed)) if memoizes => {
                    refused_by(&**storage, failed).map_err(RunError::storage)?
                }
                _ => HashSet::new(),
            };
            let loader = Loader { storage, io, run, job, ancestors, taken, goes_on, heeded };
            let mut loaded = loader.load(&program, &partitions).map_err(RunError::plan)?;
            if only_missing {
                loaded.give(&program, &loader, &loader.remember(&program, &partitions));
            } else if memoizes {
                let mut memory = loader.remember(&program, &partitions);
                refused.iter().for_each(|(asset, partition)| memory.forget(asset, partition.as_deref()));
                loaded.memory = Arc::new(memory);
                loaded.facts.extend(loaded.memory.facts().cloned());
            }
            if !only_missing && failed.or(went_on).is_some() {
                loaded.give_since(&program, &loader, &loader.since(&program, &partitions));
            }
            let program = program.resume(std::mem::take(&mut loaded.ended));
            Ok((program, partitions, loaded))
        })
        .await
    }

    /// Loads what lies behind the run, on a thread that may block: what it takes of others, and if it goes on, what it has
    /// made itself.
    async fn behind(
        &mut self,
        program: Program,
        io: &Arc<IoManagers>,
        scrubber: &Scrubber,
        (memory, since, reader): (&Arc<Memory>, &Versions, Option<&Arc<Reader>>),
    ) -> Result<Behind, RunError> {
        let program = match self.stored {
            Some(earlier) => stored::load(program, io, earlier, scrubber).await?,
            None => program,
        };
        let (io, memory, reader) = (Arc::clone(io), Arc::clone(memory), reader.map(Arc::clone));
        let since = since.clone();
        if let Some(interrupted) = self.interrupted.take() {
            let canceled = self.cancel.is_canceled();
            return runtime::blocking(move || {
                let TakenUp { journal, files, ended, past, made } =
                    interrupted.take_up(&program, &io, (&memory, &since), canceled)?;
                if let Some(reader) = reader {
                    ended.iter().for_each(|(path, ended)| reader.stopped().take_ended(path, ended));
                }
                let (program, past) = (program.resume(ended), past.map(Arc::new));
                let taken_up = Some(Recording { journal, files });
                Ok(Behind { program, taken_up, past, made, lost: HashSet::new() })
            })
            .await;
        }
        let (program, made, lost) = match &self.record {
            Some(Record { storage, upstream: Some(Upstream { run, goes_on: true }), .. }) => {
                let (storage, run) = (Arc::clone(storage), *run);
                runtime::blocking(move || {
                    let GoneOn { ended, made, lost } =
                        gone_on(&storage, run, &program, &io, (&memory, &since))?;
                    Ok((program.resume(ended).with_given_marked(), made, lost))
                })
                .await?
            }
            _ => (program, Versions::default(), HashSet::new()),
        };
        Ok(Behind { program, taken_up: None, past: None, made, lost })
    }

    /// What the run is begun with.
    pub(super) fn pinned(
        &self,
        program: &Program,
        given: &RunConfig,
        loaded: Vec<Materialization>,
    ) -> Pinned {
        let config = given.clone().into_node().0.to_json();
        let mut pinned = Pinned::new(program.plan.clone(), config, Made::this_program());
        pinned.environment.clone_from(&self.environment_name);
        pinned.code = program.code();
        pinned.loaded = loaded;
        (pinned.memoizes, pinned.only_missing) = (self.memoizes, self.only_missing);
        pinned.without_memos = !self.takes_memos;
        pinned.heeded.clone_from(&self.heeded);
        pinned.selection = self.selection.as_ref().map(ToString::to_string);
        pinned
    }

    /// How many steps may run at once.
    pub(super) fn slots(&self) -> usize {
        let configured =
            || self.itself(&self.layers(self.environment.config.clone())).0.execution.max_concurrent;
        self.max_concurrent
            .or_else(configured)
            .or(self.job.options().max_concurrent)
            .unwrap_or_else(processors)
    }

    fn settings(&self, program: &Program, tags: Tags, scrubber: Scrubber, resources: bool) -> Settings {
        let max_concurrent = program.plan.max_concurrent.unwrap_or_else(processors);
        let max_in_flight = program.plan.max_in_flight;
        Settings {
            run: self.id,
            tags,
            max_concurrent,
            max_in_flight: max_in_flight.unwrap_or(max_concurrent.saturating_mul(2)),
            order: program.plan.order,
            pools: self.environment.pools.clone(),
            keep: self.keep_outputs,
            scrubber,
            resources,
            grace: self.grace,
            versions: Versions::default(),
            recipes: HashMap::new(),
            memory: Arc::default(),
            ops: Arc::default(),
            earlier: None,
            past: None,
        }
    }
}

/// Cancels the run when that is asked for, and when someone insists, ends its patience.
async fn cancel_when_asked(cancel: &Cancel, dispatcher: &Arc<Dispatcher>) {
    cancel.canceled().await;
    dispatcher.report_only(Message::Cancel);
    cancel.insisted().await;
    for patience in [Timer::Grace, Timer::LastGrace] {
        dispatcher.report_only(Message::Due(patience));
    }
}

/// This run and those that it goes on from, the last first.
fn ancestors(storage: &dyn Storage, run: Option<RunId>) -> Result<Vec<RunId>, StorageError> {
    let (mut ancestors, mut next) = (Vec::new(), run);
    while let Some(run) = next.filter(|run| !ancestors.contains(run)) {
        ancestors.push(run);
        next = storage.pinned(run)?.upstream;
    }
    Ok(ancestors)
}

/// What lies behind a run before its first step.
struct Behind {
    program: Program,
    /// Of a run that goes on.
    taken_up: Option<Recording>,
    past: Option<Arc<Past>>,
    /// The versions of the assets that were made before.
    made: Versions,
    /// Of a run that goes on from the end of another one, the steps of which nothing can be read any more.
    lost: HashSet<(RunId, StepPath)>,
}

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Steps run in tasks and threads of their own: nobody would stop them if the one who waits for the run went away.
struct CancelOnDrop(Arc<Dispatcher>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // Of a run that is over this changes nothing.
        self.0.report_only(Message::Cancel);
    }
}

fn lock(keeper: &Mutex<Keeper>) -> std::sync::MutexGuard<'_, Keeper> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}
