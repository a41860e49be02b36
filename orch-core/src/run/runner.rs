use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use std::vec::Drain;

use super::check::{Checked, Wanted};
use super::keeper::Keeper;
use super::lifecycle::{Lifecycle, Resources};
use super::opened::Opened;
use super::part::told;
use super::{Environment, Run, RunError, runtime, stored};
use crate::config::{EnvVars, RunConfig, Scrubber};
use crate::define::{Cancel, Hook, HookDef, Order, RunContext, Tags};
use crate::engine::{Dispatcher, Message, Settings, State, Surroundings};
use crate::event::{Event, Journal, Sink, Tee};
use crate::graph::Job;
use crate::ids::RunId;
use crate::io::IoManager;
use crate::plan::{GivenInputs, Known, Plan, PlanError, Program};
use crate::select::StepSelection;
use crate::step::Local;
use crate::value::Data;

/// A run of a job, in the making.
///
/// By default it keeps nothing: values are dropped after their last consumer, events go to the sinks alone, so that a
/// run of any length stays small, but for what is being collected and the keys of streams whose items have keys.
///
/// Steps have timeouts if their ops say so. The opening and closing of resources and the hooks have none: as long as the
/// run is not canceled, it waits for them without bound. A function that may hang brings a timeout of its own.
///
/// What is set twice holds as it was set last; of sinks all hold. A limit of 0 is told when the run is to begin, as a
/// problem of its plan.
///
/// ```
/// # use orch_core::define::{JobOptions, One, OpDef};
/// # use orch_core::graph::{Call, Job};
/// # let op = OpDef::builder("one").returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
/// # let job = Job::compose(JobOptions::new("job"), || Call::of(&op).place::<One<i64, 0>>());
/// let run = job.runner().max_concurrent(2).keep_events().run_blocking()?;
/// assert_eq!(run.events().len(), 5);
/// # Ok::<(), orch_core::run::RunError>(())
/// ```
pub struct Runner {
    pub(super) job: Job,
    id: RunId,
    pub(super) tags: Tags,
    pub(super) max_concurrent: Option<usize>,
    pub(super) max_in_flight: Option<usize>,
    pub(super) order: Option<Order>,
    pub(super) environment: Environment,
    pub(super) preset: Option<String>,
    pub(super) config: RunConfig,
    pub(super) env: EnvVars,
    pub(super) selection: Option<StepSelection>,
    pub(super) inputs: GivenInputs,
    pub(super) earlier: Option<Arc<Known>>,
    pub(super) stored: Option<RunId>,
    /// Other resources than those of the environment.
    #[cfg(test)]
    lifecycle: Option<Arc<dyn Lifecycle>>,
    sinks: Tee,
    journal: Option<Box<dyn Journal>>,
    cancel: Cancel,
    grace: Duration,
    keep_outputs: bool,
    keep_events: bool,
}

impl Job {
    /// Runs the job in this process and keeps all outputs and events for a look at them: for tests and small jobs.
    ///
    /// A job that must stay small takes [`Job::runner`], which keeps nothing unless it is told to.
    ///
    /// # Errors
    /// If the job cannot be planned, or if the run failed; the run is then in the error.
    pub async fn run(&self) -> Result<Run, RunError> {
        self.runner().keep_outputs().keep_events().run().await
    }

    /// As [`Job::run`], for code that is not async.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub fn run_blocking(&self) -> Result<Run, RunError> {
        self.runner().keep_outputs().keep_events().run_blocking()
    }

    /// A run of the job, to be configured.
    #[must_use]
    pub fn runner(&self) -> Runner {
        Runner::new(self, Environment::new())
    }
}

impl Runner {
    pub(super) fn new(job: &Job, mut environment: Environment) -> Self {
        environment.resources.lay_over(&job.resources);
        Self {
            job: job.clone(),
            id: RunId::new(),
            tags: Tags::new(),
            max_concurrent: None,
            max_in_flight: None,
            order: None,
            environment,
            preset: None,
            config: RunConfig::new(),
            env: EnvVars::process(),
            selection: None,
            inputs: GivenInputs::new(),
            earlier: None,
            stored: None,
            #[cfg(test)]
            lifecycle: None,
            sinks: Tee::new(),
            journal: None,
            cancel: Cancel::new(),
            grace: Duration::from_secs(10),
            keep_outputs: false,
            keep_events: false,
        }
    }

    /// Lets at most `steps` steps run at once, whatever the job says; by default as many as there are processors.
    ///
    /// Sync ops run on blocking threads of the runtime, and IO managers store there. Tokio starts no more than 512 of
    /// these; the steps beyond wait for one, though they are said to run. [`Runner::run_blocking`] brings a runtime
    /// that has enough of them, [`Runner::runtime`] gives one, and a runtime of the program's own is given enough with
    /// `tokio::runtime::Builder::max_blocking_threads`.
    #[must_use]
    pub fn max_concurrent(mut self, steps: usize) -> Self {
        self.max_concurrent = Some(steps);
        self
    }

    /// Lets at most `items` items of one dynamic output be alive at once, whatever the job says; by default twice as
    /// many as steps may run at once. An item is alive until all that is done with it is done.
    #[must_use]
    pub fn max_in_flight(mut self, items: usize) -> Self {
        self.max_in_flight = Some(items);
        self
    }

    /// Says which ready step goes first, whatever the job says.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = Some(order);
        self
    }

    /// Adds a tag to the run, in place of the job's tag of the same key.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Gives the run this identifier, by which events and stored outputs name it.
    #[must_use]
    pub fn run_id(mut self, id: RunId) -> Self {
        self.id = id;
        self
    }

    /// Defines the pool `name`: at most `size` steps of the ops that name it run at once.
    #[must_use]
    pub fn pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.environment = self.environment.pool(name, size);
        self
    }

    /// Defines the IO manager `key` for values of type `T`: it stores the outputs of that type of the ops that name the
    /// key.
    #[must_use]
    pub fn io<T: Data>(mut self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.environment = self.environment.io(key, manager);
        self
    }

    /// Attaches a hook to the run, and if it is one of steps to all of them. One that they have already is called once.
    #[must_use]
    pub fn hook<H: Hook>(self) -> Self {
        self.with_hook(H::def())
    }

    /// As [`Runner::hook`], for a hook made with [`HookDef::builder`].
    #[must_use]
    pub fn with_hook(mut self, hook: &Arc<HookDef>) -> Self {
        self.environment = self.environment.with_hook(hook);
        self
    }

    /// Has these resources opened before the first step, and closed after the last.
    #[cfg(test)]
    pub(crate) fn lifecycle(mut self, lifecycle: Arc<dyn Lifecycle>) -> Self {
        self.lifecycle = Some(lifecycle);
        self
    }

    /// Sends the events to `sink` too, after the sinks that were added before.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.add(sink);
        self
    }

    /// Has the events written to `journal` before anything follows from them.
    #[must_use]
    pub(crate) fn journal(mut self, journal: impl Journal) -> Self {
        self.journal = Some(Box::new(journal));
        self
    }

    /// Lets `cancel` stop the run. If it did so before the run begins, no step starts.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// How long a canceled run waits for the code of its steps, by default ten seconds; with a duration of zero not at
    /// all. Code that is still under way then is left alone, and named in the last event; what it returns is ignored. As
    /// long again it waits for what comes after its steps: hooks, and the closing of resources.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Keeps every output of every step until the run is dropped.
    #[must_use]
    pub fn keep_outputs(mut self) -> Self {
        self.keep_outputs = true;
        self
    }

    /// Keeps every event until the run is dropped.
    #[must_use]
    pub fn keep_events(mut self) -> Self {
        self.keep_events = true;
        self
    }

    /// The plan of this run: with its pools, IO managers, resources and options checked, as [`Runner::run`] does before any
    /// step begins. So is its configuration, but for what is not there: a plan needs no values. [`Job::try_plan`] knows the
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
        let Checked { program, wiring, configured, tags } = self.check().map_err(RunError::plan)?;
        runtime::check()?;
        let io = Arc::new(std::mem::take(&mut self.environment.io));
        let scrubber = configured.scrubber(&program);
        let program = match self.stored {
            Some(earlier) => stored::load(program, &io, earlier, &scrubber).await?,
            None => program,
        };
        let program = Arc::new(program);
        let mut tags = tags;
        tags.extend(self.tags.clone());
        let context = Arc::new(RunContext {
            run: self.id,
            job: program.plan.job.as_str().into(),
            tags: program.plan.tags.clone().into_iter().chain(tags.clone()).collect(),
            cancel: Cancel::new(),
            given: RwLock::default(),
            hooks: RwLock::default(),
        });
        let opened = Opened::new(wiring, configured, Arc::clone(&program), Arc::clone(&context));
        let lifecycle: Arc<dyn Lifecycle> = Arc::new(opened);
        #[cfg(test)]
        let lifecycle = self.lifecycle.clone().unwrap_or(lifecycle);
        let resources = (!lifecycle.keys().is_empty()).then(|| Resources::new(lifecycle));
        let settings = self.settings(&program, tags, scrubber.clone(), resources.is_some());
        let executor = Local::new(Arc::clone(&program), context, io, None);
        let keeper = Keeper::new(self.id, Arc::clone(&program), self.earlier);
        let keeper = Arc::new(Mutex::new(keeper));
        let mut sinks = Tee::new();
        if self.keep_events {
            let keeper = Arc::clone(&keeper);
            sinks.add(move |event: &Event| lock(&keeper).event(event));
        }
        sinks.add_all(self.sinks);
        let watcher = Arc::clone(&keeper);
        let keep = Box::new(move |kept: Drain<'_, _>| kept.for_each(|kept| lock(&watcher).keep(kept)));
        let sinks = told(sinks, &program);
        let state = State::new(program, settings);
        let surroundings = resources.clone().map(|resources| Box::new(resources) as Box<dyn Surroundings>);
        let dispatcher = Dispatcher::new(state, sinks, keep, Box::new(executor), surroundings, self.journal)
            .map_err(RunError::runtime)?;
        let _guard = CancelOnDrop(Arc::clone(&dispatcher));
        let canceled_before = self.cancel.is_canceled();
        dispatcher.report_only(if canceled_before { Message::BeginCanceled } else { Message::Begin });
        let ended = dispatcher.ended();
        tokio::pin!(ended);
        let broken = tokio::select! {
            biased;
            broken = &mut ended => broken,
            () = self.cancel.canceled() => {
                dispatcher.report_only(Message::Cancel);
                ended.await
            }
        };
        if broken.is_some()
            && let Some(resources) = resources
        {
            // Of this nobody is told any more, and it is no reason to wait for ever.
            let _ = tokio::time::timeout(self.grace, resources.closed()).await;
        }
        let finished = std::mem::replace(&mut *lock(&keeper), Keeper::empty());
        finished.finish(broken.map(|message| scrubber.scrub(&message).into_owned()))
    }

    /// How many steps may run at once.
    fn slots(&self) -> usize {
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
            past: None,
        }
    }
}

fn processors() -> usize {
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

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("job", &self.job).field("id", &self.id).finish_non_exhaustive()
    }
}
