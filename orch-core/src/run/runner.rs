use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::vec::Drain;

use super::keeper::Keeper;
use super::{Run, RunError, runtime, stored};
use crate::define::{Cancel, Order, RunContext, Tags};
use crate::engine::{Dispatcher, Message, Settings, State};
use crate::event::{Event, EventKind, Sink, Tee};
use crate::graph::Job;
use crate::ids::{RunId, nearest};
use crate::io::{IoManager, IoManagers};
use crate::plan::{GivenInputs, Known, Part, Plan, PlanError, Problem, ProblemKind, Program};
use crate::select::StepSelection;
use crate::step::Local;
use crate::value::{Data, TypeInfo, Value};

/// A run of a job, in the making.
///
/// By default it keeps nothing: values are dropped after their last consumer, events go to the sinks alone, so that a
/// run of any length stays small, but for what is being collected and the keys of streams whose items have keys.
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
    job: Job,
    id: RunId,
    tags: Tags,
    max_concurrent: Option<usize>,
    max_in_flight: Option<usize>,
    order: Option<Order>,
    pools: BTreeMap<String, usize>,
    io: IoManagers,
    selection: Option<StepSelection>,
    inputs: GivenInputs,
    earlier: Option<Arc<Known>>,
    stored: Option<RunId>,
    sinks: Tee,
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
        Runner {
            job: self.clone(),
            id: RunId::new(),
            tags: Tags::new(),
            max_concurrent: None,
            max_in_flight: None,
            order: None,
            pools: BTreeMap::new(),
            io: IoManagers::new(),
            selection: None,
            inputs: GivenInputs::new(),
            earlier: None,
            stored: None,
            sinks: Tee::new(),
            cancel: Cancel::new(),
            grace: Duration::from_secs(10),
            keep_outputs: false,
            keep_events: false,
        }
    }
}

impl Runner {
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
        self.pools.insert(name.into(), size);
        self
    }

    /// Defines the IO manager `key` for values of type `T`: it stores the outputs of that type of the ops that name the
    /// key.
    #[must_use]
    pub fn io<T: Data>(mut self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.io.add(key, manager);
        self
    }

    pub(crate) fn all_io(mut self, managers: IoManagers) -> Self {
        self.io = managers;
        self
    }

    /// Runs only a part of the job. What a selected step takes from one that is not selected comes from
    /// [`Runner::input`] or from [`Runner::upstream`]; if it comes from neither, that is a problem of the plan.
    ///
    /// Steps that are not selected are not waited for either, and no event tells of them.
    ///
    /// ```
    /// # use orch_core::define::{JobOptions, One, OpDef};
    /// # use orch_core::graph::{Call, Job};
    /// # type Number = One<i64, 0>;
    /// # let extract = OpDef::builder("extract").returns::<Number>().blocking(|_| Ok(1)).into();
    /// # let load = OpDef::builder("load").input::<i64>("page").returns::<Number>().blocking(|mut args| args.take::<i64>(0));
    /// # let load = load.into();
    /// # let job = Job::compose(JobOptions::new("job"), || {
    /// #     let page = Call::of(&extract).place::<Number>();
    /// #     Call::of(&load).input::<i64>(page).place::<Number>();
    /// # });
    /// let whole = job.run_blocking()?;
    /// let again = job.runner().select("load".parse()?).upstream(&whole).run_blocking()?;
    /// let other = job.runner().select("load".parse()?).input("load", "page", 7_i64).run_blocking()?;
    /// # let _ = (again, other);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn select(mut self, selection: StepSelection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// Feeds an input with this value instead of what feeds it in the job; in a map, for each item. The step and the
    /// input are named as in the plan, and the value must be of the input's type.
    #[must_use]
    pub fn input<T: Data>(mut self, step: impl Into<String>, input: impl Into<String>, value: T) -> Self {
        self.inputs.insert((step.into(), input.into()), (TypeInfo::of::<T>(), Value::new(value)));
        self
    }

    /// Takes what steps that are not selected have made from an earlier run that kept its outputs, also a failed one. It
    /// is asked for what it ran itself, and else the run that it took its values from. All of these are kept as long as
    /// the new run is.
    #[must_use]
    pub fn upstream(mut self, run: &Run) -> Self {
        self.earlier = Some(Arc::clone(&run.known));
        self
    }

    /// Takes what steps that are not selected have made from what IO managers stored in the run of this identifier, if
    /// [`Runner::upstream`] does not have it: the outputs of ops that name an IO manager. All that is needed is loaded
    /// before the first step begins; what cannot be loaded is then a problem of the plan.
    ///
    /// Which items a dynamic output had is stored nowhere. So those of a source that does not run are at hand only by
    /// name, as in `load[100]`, and cannot be collected. Nor is it stored whether a step succeeded after its outputs had
    /// been stored: of a run that failed, what an IO manager has of a failed step is taken too.
    #[must_use]
    pub fn upstream_stored(mut self, run: RunId) -> Self {
        self.stored = Some(run);
        self
    }

    /// Sends the events to `sink` too, after the sinks that were added before.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.add(sink);
        self
    }

    /// Lets `cancel` stop the run. If it did so before the run begins, no step starts.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// How long a canceled run waits for the code of its steps, by default ten seconds; with a duration of zero not at
    /// all. Code that is still under way then is left alone, and named in the last event; what it returns is ignored.
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

    /// The plan of this run: with its pools, IO managers and options checked, as [`Runner::run`] does before any step
    /// begins. [`Job::try_plan`] knows the job alone.
    ///
    /// # Errors
    /// All that is wrong with the job or with what the run gives it, with places in the source.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let mut plan = self.program()?.plan;
        plan.max_concurrent = self.max_concurrent.or(plan.max_concurrent);
        plan.max_in_flight = self.max_in_flight.or(plan.max_in_flight);
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
        let program = self.program().map_err(RunError::plan)?;
        runtime::check()?;
        let io = Arc::new(std::mem::take(&mut self.io));
        let program = match self.stored {
            Some(earlier) => stored::load(program, &io, earlier).await?,
            None => program,
        };
        let program = Arc::new(program);
        let settings = self.settings(&program);
        let context = Arc::new(RunContext {
            run: self.id,
            job: program.plan.job.as_str().into(),
            tags: program.plan.tags.clone().into_iter().chain(self.tags).collect(),
            cancel: Cancel::new(),
        });
        let executor = Local::new(Arc::clone(&program), context, io);
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
        let dispatcher = Dispatcher::new(state, sinks, keep, Box::new(executor));
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
        let finished = std::mem::replace(&mut *lock(&keeper), Keeper::empty());
        finished.finish(broken)
    }

    /// The job's program, with what only the runner knows checked too.
    fn program(&self) -> Result<Program, PlanError> {
        let mut program = Program::compile(&self.job)?;
        let mut problems = Vec::new();
        if self.selection.is_some() || !self.inputs.is_empty() {
            let (selection, earlier) = (self.selection.as_ref(), self.earlier.as_deref());
            program = program.select(
                Part { selection, inputs: &self.inputs, earlier, stored: self.stored.is_some() },
                &mut problems,
            );
        }
        for (step, op) in program.plan.steps.iter().zip(&program.ops) {
            if let Some(pool) = step.pool.as_ref().filter(|pool| !self.pools.contains_key(*pool)) {
                let known: Vec<_> = self.pools.keys().map(|pool| format!("`{pool}`")).collect();
                let define = format!(
                    "define it for the program, `Definitions::new().pool(\"{pool}\", 4)`, or for one run, `job.runner().pool(\"{pool}\", 4)`"
                );
                problems.push(
                    Problem::new(
                        ProblemKind::UnknownPool,
                        format!("`{}` names the pool `{pool}`, which is not defined", step.name),
                    )
                    .at("the step", step.place.clone())
                    .hint(known_or(pool, &known, "pools of this program", &define)),
                );
            }
            let Some(io) = &step.io else { continue };
            for output in op.outputs().iter().filter(|output| self.io.get(io, output.ty).is_none()) {
                let define = format!(
                    "define it for the program, `Definitions::new().io(\"{io}\", manager)`, or for one run, `job.runner().io(\"{io}\", manager)`"
                );
                problems.push(
                    Problem::new(
                        ProblemKind::UnknownIo,
                        format!(
                            "`{}` has its `{}` stored by the IO manager `{io}`, which is not defined",
                            step.name,
                            output.ty.name()
                        ),
                    )
                    .at("the step", step.place.clone())
                    .hint(known_or(
                        io,
                        &self.io.names(),
                        "IO managers of this program",
                        &define,
                    )),
                );
            }
        }
        for (name, _) in self.pools.iter().filter(|(_, size)| **size == 0) {
            problems.push(
                Problem::new(
                    ProblemKind::InvalidLimit,
                    format!("the pool `{name}` has size 0, so that its steps could never run"),
                )
                .hint("write 1 or more"),
            );
        }
        for (name, value) in [("max_concurrent", self.max_concurrent), ("max_in_flight", self.max_in_flight)]
        {
            if value == Some(0) {
                problems.push(
                    Problem::new(
                        ProblemKind::InvalidLimit,
                        format!("`{name}` is 0, so that nothing could run"),
                    )
                    .hint("write 1 or more"),
                );
            }
        }
        if !problems.is_empty() {
            return Err(PlanError::new(program.plan.job, problems));
        }
        program.plan.order = self.order.unwrap_or(program.plan.order);
        Ok(program)
    }

    /// How many steps may run at once.
    fn slots(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.max_concurrent.or(self.job.options().max_concurrent).unwrap_or_else(processors)
    }

    fn settings(&self, program: &Program) -> Settings {
        let max_concurrent = self.slots();
        let max_in_flight = self.max_in_flight.or(program.plan.max_in_flight);
        Settings {
            run: self.id,
            tags: self.tags.clone(),
            max_concurrent,
            max_in_flight: max_in_flight.unwrap_or(max_concurrent.saturating_mul(2)),
            order: program.plan.order,
            pools: self.pools.clone(),
            keep: self.keep_outputs,
            grace: self.grace,
        }
    }
}

/// Steps run in tasks and threads of their own: nobody would stop them if the one who waits for the run went away.
struct CancelOnDrop(Arc<Dispatcher>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // Of a run that is over this changes nothing.
        self.0.report_only(Message::Cancel);
    }
}

/// What to do about a name that is not defined; the known ones stand in backquotes.
fn known_or(wanted: &str, known: &[String], what: &str, define: &str) -> String {
    let names = known.iter().filter_map(|name| name.split('`').nth(1));
    match nearest(wanted, names).filter(|near| *near != wanted) {
        Some(near) => format!("did you mean `{near}`? {what}: {}", known.join(", ")),
        None if known.is_empty() => define.to_owned(),
        None => format!("{define}; {what}: {}", known.join(", ")),
    }
}

/// Sinks that are told only of what runs.
fn told(sinks: Tee, program: &Arc<Program>) -> Tee {
    if !program.has_given() {
        return sinks;
    }
    let program = Arc::clone(program);
    let mut told = Tee::new();
    told.add(move |event: &Event| {
        // That what is given cannot be had is a failure of the run, and cannot be left out.
        let fails = matches!(event.kind, EventKind::StepFailure { .. });
        if fails || !event.step.as_ref().is_some_and(|step| program.is_given(step)) {
            sinks.emit(event);
        }
    });
    told
}

fn lock(keeper: &Mutex<Keeper>) -> std::sync::MutexGuard<'_, Keeper> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("job", &self.job).field("id", &self.id).finish_non_exhaustive()
    }
}
