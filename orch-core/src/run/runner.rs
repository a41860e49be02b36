use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

#[cfg(test)]
use super::lifecycle::Lifecycle;
use super::record::Record;
use super::resume::Interrupted;
use super::{Environment, Run, RunError};
use crate::asset::Versions;
use crate::config::{EnvVars, RunConfig};
use crate::define::{Cancel, Hook, HookDef, Order, Tags};
#[cfg(test)]
use crate::event::Journal;
use crate::event::{Sink, Tee};
use crate::graph::Job;
use crate::ids::RunId;
use crate::io::IoManager;
use crate::partition::KeySets;
use crate::plan::{GivenInputs, Known, PlannedCheck};
use crate::select::StepSelection;
use crate::storage::Storage;
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
    pub(super) id: RunId,
    pub(super) tags: Tags,
    pub(super) max_concurrent: Option<usize>,
    pub(super) max_in_flight: Option<usize>,
    pub(super) order: Option<Order>,
    pub(super) environment: Environment,
    pub(super) preset: Option<String>,
    pub(super) config: RunConfig,
    pub(super) env: EnvVars,
    pub(super) selection: Option<StepSelection>,
    /// The partitions that it is for.
    pub(super) partition: Option<String>,
    /// When it was begun, if it goes on: what it reads of partitions is what there was then.
    pub(super) begun: Option<Timestamp>,
    /// The moment that it takes for the present, if that is not when it begins: a run of a backfill is for what there was when
    /// that was launched.
    pub(super) now: Option<Timestamp>,
    /// The sets of keys that dynamic partitions are, if they are not those of the instance as they are when it begins.
    pub(super) keys: Option<KeySets>,
    /// Tags of orch's own, such as the backfill that it is of.
    pub(super) own: Tags,
    pub(super) inputs: GivenInputs,
    pub(super) earlier: Option<Arc<Known>>,
    pub(super) stored: Option<RunId>,
    /// The versions of the assets that are taken of an earlier run.
    pub(super) made: Versions,
    /// Whether steps are passed over whose assets would come out as they are.
    pub(super) memoizes: bool,
    /// Whether steps of memoized ops are passed over of which it is known what they would give.
    pub(super) takes_memos: bool,
    pub(super) only_missing: bool,
    /// Checks that the run does not have, and heeds as its own: those of the backfill that it is of.
    pub(super) heeded: Vec<PlannedCheck>,
    /// Other resources than those of the environment.
    #[cfg(test)]
    pub(super) lifecycle: Option<Arc<dyn Lifecycle>>,
    pub(super) sinks: Tee,
    /// Where it is recorded, and as what.
    pub(super) record: Option<Record>,
    /// The run that it is, if it goes on.
    pub(super) interrupted: Option<Box<Interrupted>>,
    /// The name of the environment.
    pub(super) environment_name: Option<String>,
    /// Another journal than that of a storage; in a mutex, so that runs can be awaited on any thread in tests too.
    #[cfg(test)]
    pub(super) journal: Option<std::sync::Mutex<Box<dyn Journal>>>,
    pub(super) cancel: Cancel,
    pub(super) grace: Duration,
    /// Whether all steps run in this process, whatever they say.
    pub(super) in_process: bool,
    pub(super) keep_outputs: bool,
    pub(super) keep_events: bool,
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
            partition: None,
            begun: None,
            now: None,
            keys: None,
            own: Tags::new(),
            inputs: GivenInputs::new(),
            earlier: None,
            stored: None,
            made: Versions::default(),
            memoizes: false,
            takes_memos: true,
            only_missing: false,
            heeded: Vec::new(),
            #[cfg(test)]
            lifecycle: None,
            sinks: Tee::new(),
            record: None,
            interrupted: None,
            environment_name: None,
            #[cfg(test)]
            journal: None,
            cancel: Cancel::new(),
            grace: Duration::from_secs(10),
            in_process: false,
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

    /// Records the run in `storage`, so that it remains when the process is gone: nothing follows from an event that is not
    /// in there. The run can be seen there at any time, and gone on with if it is interrupted.
    ///
    /// What steps give is recorded too, as far as it can be written: by the IO manager of the op, or by serde. All else
    /// is made anew if it is needed again.
    #[must_use]
    pub fn record(mut self, storage: &Arc<dyn Storage>) -> Self {
        self.record = Some(Record { storage: Arc::clone(storage), parent: None, upstream: None });
        self
    }

    /// Has the events written to `journal` before anything follows from them.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn journal(mut self, journal: impl Journal) -> Self {
        self.journal = Some(std::sync::Mutex::new(Box::new(journal)));
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

    /// Runs all steps in this process, also those of ops that are isolated: for a debugger, or a test.
    #[must_use]
    pub fn in_process(mut self) -> Self {
        self.in_process = true;
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
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("job", &self.job).field("id", &self.id).finish_non_exhaustive()
    }
}
