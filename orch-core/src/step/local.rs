use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tracing::instrument::WithSubscriber as _;

use super::code::{self, Attempt, LogTo};
use super::hook::BLOCKING_HOOKS;
use super::isolated::{Call, Pool};
use super::logs::subscriber;
use super::pace::Pace;
use super::piece::Done;
use super::worker::Worker;
use crate::define::{Args, Body, Cancel, Context, OpDef, OutputKind, RunContext, Saying};
use crate::engine::{Dispatcher, Executor, HookCall, Message, Promise, Task, Token, Turn, Work, Written};
use crate::failure::Failure;
use crate::io::{Artifacts, IoManagers};
use crate::plan::{LoadedAsset, Program, Step};
use crate::value::Value;

/// Runs steps in this process: async ops as tasks of the runtime, sync ops on its blocking threads.
///
/// A worker goes on with the next step by itself as long as there is one of its kind, so that a chain does not pay for a
/// new task with every step. If there are several, it leaves the others to other workers, unless what it has in hand
/// takes less time than it takes to wake one: so neither does a fan-out of steps that do next to nothing.
pub(crate) struct Local {
    shared: Arc<Shared>,
}

struct StepTraits {
    pace: Pace,
    /// Whether its code runs in a process of its own.
    isolated: bool,
    /// Whether its work can be stopped alone, and not only with the run: if it has a timeout, or several dynamic outputs,
    /// of which one may fail while another is being pulled.
    stops: bool,
    /// The outputs that other steps take, if it has an IO manager, which may hand them something else than the value.
    taken: Box<[usize]>,
    /// Whether its code can say something of assets: it makes, observes or reads some.
    says: bool,
}

pub(super) struct Shared {
    pub(super) program: Arc<Program>,
    /// Whether there are steps that do not run.
    has_given: bool,
    pub(super) run: Arc<RunContext>,
    pub(super) io: Arc<IoManagers>,
    /// Where values are written that are too large for an event; none if the run is not recorded.
    pub(super) files: Option<Files>,
    /// The processes of steps that have some of their own.
    workers: Option<Arc<Pool>>,
    pub(super) runtime: tokio::runtime::Handle,
    /// Where the log lines of steps go: the program's subscriber, else one that has them told as events.
    pub(super) subscriber: tracing::Dispatch,
    /// What to know of the plan's steps, by their number.
    steps: Box<[StepTraits]>,
    /// For hooks that block.
    pub(super) hooks: Semaphore,
    /// The run is over; hooks go on when it is canceled, but not beyond its end.
    pub(super) over: Cancel,
    /// How to stop the work that can be stopped alone.
    stops: Mutex<HashMap<u64, Cancel>>,
    /// How many tasks have work to do, and do not wait.
    pub(super) ready: AtomicUsize,
}

/// The files of a run that is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// Those that are its own.
    pub(crate) run: Arc<dyn Artifacts>,
    /// Those of assets, whichever run makes them.
    pub(crate) assets: Arc<dyn Artifacts>,
}

impl Local {
    /// Runs the steps of this run; if it is recorded, with the place of its files, and if some have processes of their own,
    /// with these.
    pub(crate) fn new(
        program: Arc<Program>,
        run: Arc<RunContext>,
        io: Arc<IoManagers>,
        files: Option<Files>,
        workers: Option<Arc<Pool>>,
    ) -> Self {
        crate::failure::catch_places();
        let taken = program.plan.taken();
        let taken = |step| taken.range((step, 0)..=(step, usize::MAX)).map(|&(_, output)| output);
        let shared = Arc::new(Shared {
            steps: program
                .ops
                .iter()
                .zip(&program.plan.steps)
                .enumerate()
                .map(|(number, (op, step))| StepTraits::of(op, step, taken(number)))
                .collect(),
            has_given: program.has_given(),
            program,
            run,
            io,
            files,
            workers,
            runtime: tokio::runtime::Handle::current(),
            subscriber: subscriber(),
            hooks: Semaphore::new(BLOCKING_HOOKS),
            over: Cancel::new(),
            stops: Mutex::default(),
            ready: AtomicUsize::new(0),
        });
        Self { shared }
    }
}

impl StepTraits {
    fn of(op: &OpDef, step: &Step, taken: impl Iterator<Item = usize>) -> Self {
        let dynamic = op.outputs().iter().filter(|output| output.kind == OutputKind::Dynamic);
        Self {
            pace: Pace::default(),
            isolated: step.isolated,
            stops: op.timeout().is_some() || dynamic.count() > 1,
            taken: op.io().map(|_| taken.collect()).unwrap_or_default(),
            says: step.says() || step.loads.as_ref().is_some_and(LoadedAsset::is_read),
        }
    }
}

impl Executor for Local {
    fn expect(&self, work: &Work) {
        if self.shared.steps[work.step].stops && !matches!(work.task, Task::Store(_)) {
            self.shared.stops().insert(work.token.ticket(), Cancel::new());
        }
    }

    fn start_all(&self, work: &mut VecDeque<Work>, dispatcher: &Arc<Dispatcher>) {
        self.shared.start_all(work, dispatcher);
    }

    fn abort(&self, token: Token) {
        if let Some(stop) = self.shared.stops().get(&token.ticket()) {
            stop.cancel();
        }
        if let Some(workers) = &self.shared.workers {
            workers.kill(token.ticket());
        }
    }

    fn cancel(&self) {
        self.shared.run.cancel.cancel();
        let Some(workers) = self.shared.workers.as_ref().filter(|workers| workers.cancel()) else { return };
        let workers = Arc::downgrade(workers);
        // Code in this process is left alone when the run waits no longer; a process can be ended.
        drop(self.shared.runtime.spawn(async move {
            let Some(time) = workers.upgrade().map(|workers| workers.time_to_cancel()) else { return };
            tokio::time::sleep(time).await;
            workers.upgrade().iter().for_each(|workers| workers.kill_busy());
        }));
    }

    fn call(&self, hook: HookCall, dispatcher: &Arc<Dispatcher>) {
        self.shared.call(hook, dispatcher);
    }

    fn end(&self) {
        self.shared.end_hooks();
        if let Some(workers) = &self.shared.workers {
            workers.kill_all();
        }
    }
}

impl Shared {
    pub(super) fn start(self: &Arc<Self>, work: Work, dispatcher: &Arc<Dispatcher>) {
        if !self.blocks(&work) {
            return self.start_worker(VecDeque::from([work]), dispatcher);
        }
        let (me, subscriber) = (Arc::clone(self), self.subscriber.clone());
        let mut promise = Promise::to(dispatcher);
        drop(self.runtime.spawn_blocking(move || {
            let dispatcher = promise.dispatcher();
            tracing::dispatcher::with_default(&subscriber, || me.work_blocking(work, dispatcher));
            promise.keep();
        }));
    }

    /// Has a new worker do async work.
    fn start_worker(self: &Arc<Self>, work: VecDeque<Work>, dispatcher: &Arc<Dispatcher>) {
        let worker = Worker::new(Arc::clone(self), Promise::to(dispatcher), work);
        drop(self.runtime.spawn(worker.with_subscriber(self.subscriber.clone())));
    }

    fn work_blocking(self: &Arc<Self>, work: Work, dispatcher: &Arc<Dispatcher>) {
        let mut turn = Turn::default();
        turn.work.push_back(work);
        loop {
            // Code that may block is not waited for, however brief it was before.
            dispatcher.flush(&mut turn);
            let Some(work) = turn.work.pop_front() else { return };
            self.start_all(&mut turn.work, dispatcher);
            if self.is_to_load(&work) {
                self.load(work, dispatcher);
            } else if self.blocks(&work) {
                let message = self.attempt_blocking(work, dispatcher);
                dispatcher.report(message, &mut turn);
            } else {
                self.start(work, dispatcher);
            }
        }
    }

    /// Whether an async op takes values that lie on a disk: they are loaded where blocking is allowed, before it begins.
    fn is_to_load(&self, work: &Work) -> bool {
        let Task::Call(inputs) = &work.task else { return false };
        self.has_given
            && matches!(self.program.ops[work.step].body(), Body::Async(_))
            && inputs.iter().flatten().any(Value::is_to_load)
    }

    /// Loads what a call takes, and starts it where it belongs. What loads may be the user's code.
    fn load(self: &Arc<Self>, work: Work, dispatcher: &Arc<Dispatcher>) {
        if let Task::Call(inputs) = &work.task {
            let to = LogTo::Run(Arc::clone(dispatcher));
            let mut attempt =
                Some(Attempt { to, path: Some(work.path.clone()), number: work.attempt, said: None });
            let _ = code::run(&mut attempt, || inputs.iter().flatten().for_each(Value::load));
        }
        self.start(work, dispatcher);
    }

    /// Starts all of it: by one worker, if all of it takes less time than it takes to wake one for each.
    pub(super) fn start_all(self: &Arc<Self>, work: &mut VecDeque<Work>, dispatcher: &Arc<Dispatcher>) {
        let is_brief =
            |work: &Work| !self.blocks(work) && !self.has_deadline(work) && self.pace(work.step).is_brief();
        if work.len() > 1 && work.iter().all(is_brief) {
            return self.start_worker(std::mem::take(work), dispatcher);
        }
        work.drain(..).for_each(|work| self.start(work, dispatcher));
    }

    pub(super) fn pace(&self, step: usize) -> &Pace {
        &self.steps[step].pace
    }

    pub(super) fn blocks(&self, work: &Work) -> bool {
        let runs_blocking = || {
            self.steps[work.step].isolated
                || matches!(self.program.ops[work.step].body(), Body::Blocking(_))
                || self.is_to_load(work)
        };
        matches!(work.task, Task::Store(_)) || runs_blocking()
    }

    /// Whether its time runs from now on, so that it must not wait behind what is only held to be brief.
    pub(super) fn has_deadline(&self, work: &Work) -> bool {
        self.program.ops[work.step].timeout().is_some()
    }

    /// Waits until the run, or what has a stop of its own, is told to stop.
    pub(super) fn stopped(&self, stop: Option<Cancel>) -> impl Future<Output = ()> + Send + use<> {
        let run = Arc::clone(&self.run);
        async move {
            match stop {
                Some(stop) => tokio::select! { () = stop.canceled() => {}, () = run.cancel.canceled() => {} },
                None => run.cancel.canceled().await,
            }
        }
    }

    /// Whether other steps take this output of one with an IO manager.
    pub(super) fn is_taken(&self, step: usize, output: usize) -> bool {
        self.steps[step].taken.contains(&output)
    }

    /// Does a piece of work on a thread that may block.
    fn attempt_blocking(&self, work: Work, dispatcher: &Arc<Dispatcher>) -> Message {
        let Work { token, step, path, attempt: number, task } = work;
        let stop = self.stop_of(step, token);
        let to = LogTo::Run(Arc::clone(dispatcher));
        let said = self.saying(step);
        let code = Attempt { to, path: Some(path.clone()), number, said: said.clone() };
        let mut attempt = Some(code);
        let message = match task {
            // What is to be stored was produced in time.
            Task::Store(produced) => {
                let mut produced = produced;
                let result = self.store(step, &path, &mut produced, &mut attempt);
                Message::Stored { token, produced, result }
            }
            task if self.is_stopped(stop.as_ref()) => {
                Done::not_begun(&task).message(token, Written::default())
            }
            Task::Call(inputs) if let Some(workers) = self.workers_of(step) => {
                let call = Call {
                    op: &self.program.ops[step],
                    step: &self.program.plan.steps[step].name,
                    path: &path,
                    attempt: number,
                    ticket: token.ticket(),
                    stop: stop.as_ref(),
                    run: &self.run.cancel,
                    dispatcher,
                    said: said.as_ref(),
                };
                let result = code::run(&mut attempt, || workers.call(&call, inputs));
                let done = Done::Returned(result.and_then(|result| result));
                let written = self.write(step, 0, &done, &mut attempt);
                done.message(token, written)
            }
            Task::Call(inputs) => {
                let context = Context::new(Arc::clone(&self.run), step, path, number, stop.clone(), said);
                let args = Args::of(inputs, context);
                let result = match self.program.ops[step].body() {
                    Body::Blocking(body) => code::run(&mut attempt, || body(args)).and_then(|result| result),
                    Body::Async(_) => Err(Failure::contract("an async op was given to a blocking thread")),
                };
                let done = Done::Returned(result);
                let written = self.write(step, 0, &done, &mut attempt);
                done.message(token, written)
            }
            Task::Pull { output, mut items } => {
                let mut pull = || items.next_blocking(self.stopped(stop.clone()));
                let pulled = code::run(&mut attempt, || match self.workers_of(step) {
                    Some(workers) => workers.pulling(token.ticket(), &(path, number), stop.as_ref(), pull),
                    None => pull(),
                });
                let done = Done::pulled(pulled, items);
                let written = self.write(step, output, &done, &mut attempt);
                done.message(token, written)
            }
        };
        self.forget_stop(token, stop.is_some());
        message
    }

    /// Where the code of a step says something of the asset that it makes or observes, if there is one.
    pub(super) fn saying(&self, step: usize) -> Option<Saying> {
        self.steps[step].says.then(Saying::default)
    }

    /// The processes of a step that has some of its own.
    fn workers_of(&self, step: usize) -> Option<&Arc<Pool>> {
        self.workers.as_ref().filter(|_| self.steps[step].isolated)
    }

    fn stops(&self) -> MutexGuard<'_, HashMap<u64, Cancel>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the work is told to stop, if it can be stopped alone; all else is stopped with the run.
    pub(super) fn stop_of(&self, step: usize, token: Token) -> Option<Cancel> {
        if self.steps[step].stops { self.stops().get(&token.ticket()).cloned() } else { None }
    }

    pub(super) fn is_stopped(&self, stop: Option<&Cancel>) -> bool {
        self.run.cancel.is_canceled() || stop.is_some_and(Cancel::is_canceled)
    }

    pub(super) fn forget_stop(&self, token: Token, had_one: bool) {
        if had_one {
            self.stops().remove(&token.ticket());
        }
    }
}
