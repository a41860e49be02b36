use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use tracing::instrument::WithSubscriber as _;

use super::LogLayer;
use super::code::{self, Attempt};
use super::piece::{Done, Piece};
use crate::define::{Args, Body, Cancel, Context, ItemStream, RunContext, StreamItem};
use crate::engine::{BreakOnPanic, Dispatcher, Executor, Message, Task, Token, Work};
use crate::failure::Failure;
use crate::io::IoManagers;
use crate::plan::Program;

/// Runs steps in this process: async ops as tasks of the runtime, sync ops on its blocking threads.
///
/// A worker goes on with the next step by itself as long as there is one of its kind, so that neither a chain nor a
/// fan-out pays for a new task with every step.
pub(crate) struct Local {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) program: Arc<Program>,
    pub(super) run: Arc<RunContext>,
    pub(super) io: Arc<IoManagers>,
    runtime: tokio::runtime::Handle,
    /// Where the log lines of steps go, if the program has no subscriber of its own.
    subscriber: Option<tracing::Dispatch>,
    /// How to stop the attempts that can be stopped alone: those with a timeout.
    stops: Mutex<HashMap<u64, Cancel>>,
    me: Weak<Self>,
}

impl Local {
    pub(crate) fn new(program: Arc<Program>, run: Arc<RunContext>, io: Arc<IoManagers>) -> Self {
        use tracing_subscriber::layer::SubscriberExt as _;
        let none =
            tracing::dispatcher::get_default(|dispatch| dispatch.is::<tracing::subscriber::NoSubscriber>());
        let subscriber = none.then(|| tracing::Dispatch::new(tracing_subscriber::registry().with(LogLayer)));
        let shared = Arc::new_cyclic(|me| Shared {
            program,
            run,
            io,
            runtime: tokio::runtime::Handle::current(),
            subscriber,
            stops: Mutex::default(),
            me: Weak::clone(me),
        });
        Self { shared }
    }
}

impl Executor for Local {
    fn start(&self, work: Work, dispatcher: &Arc<Dispatcher>) {
        self.shared.start(work, dispatcher);
    }

    fn abort(&self, token: Token) {
        if let Some(stop) = self.shared.stops().get(&token.ticket()) {
            stop.cancel();
        }
    }

    fn cancel(&self) {
        self.shared.run.cancel.cancel();
    }
}

impl Shared {
    fn start(&self, work: Work, dispatcher: &Arc<Dispatcher>) {
        let Some(me) = self.me.upgrade() else { return };
        let dispatcher = Arc::clone(dispatcher);
        match self.program.ops[work.step].body() {
            Body::Async(_) => match self.subscriber.clone() {
                Some(subscriber) => {
                    drop(self.runtime.spawn(me.drive(work, dispatcher).with_subscriber(subscriber)));
                }
                None => drop(self.runtime.spawn(me.drive(work, dispatcher))),
            },
            Body::Blocking(_) => drop(self.runtime.spawn_blocking(move || match me.subscriber.clone() {
                Some(subscriber) => {
                    tracing::dispatcher::with_default(&subscriber, || me.drive_blocking(work, &dispatcher));
                }
                None => me.drive_blocking(work, &dispatcher),
            })),
        }
    }

    async fn drive(self: Arc<Self>, work: Work, dispatcher: Arc<Dispatcher>) {
        let _guard = BreakOnPanic(Arc::clone(&dispatcher));
        let mut next = Some(work);
        while let Some(work) = next {
            // A worker that never has to wait must still let other tasks of its thread run.
            tokio::task::coop::consume_budget().await;
            let Some(message) = self.attempt(work, &dispatcher).await else { return };
            next = dispatcher.report(message);
            if let Some(work) = next.take_if(|work| self.blocks(work)) {
                self.start(work, &dispatcher);
            }
        }
    }

    fn drive_blocking(self: Arc<Self>, work: Work, dispatcher: &Arc<Dispatcher>) {
        let _guard = BreakOnPanic(Arc::clone(dispatcher));
        let mut next = Some(work);
        while let Some(work) = next {
            next = dispatcher.report(self.attempt_blocking(work, dispatcher));
            if let Some(work) = next.take_if(|work| !self.blocks(work)) {
                self.start(work, dispatcher);
            }
        }
    }

    fn blocks(&self, work: &Work) -> bool {
        matches!(self.program.ops[work.step].body(), Body::Blocking(_))
    }

    /// Does a piece of work on the runtime; none if its outcome no longer matters.
    async fn attempt(&self, work: Work, dispatcher: &Arc<Dispatcher>) -> Option<Message> {
        let Work { token, step, path, attempt, task } = work;
        let stop = self.stop_for(step, token);
        let context = Context::new(Arc::clone(&self.run), path.clone(), attempt, stop.clone());
        let store_at = self.stores(step).then(|| path.clone());
        let code = Attempt { dispatcher: Arc::clone(dispatcher), path, number: attempt };
        let mut piece = Piece::new(self.program.ops[step].body(), task, context, code);
        // Most code is done at the first look. Only what is not is also waited for to be stopped.
        let done = match poll_fn(|cx| Poll::Ready(piece.poll(cx))).await {
            Poll::Ready(done) => done,
            Poll::Pending => tokio::select! {
                biased;
                done = poll_fn(|cx| piece.poll(cx)) => done,
                () = self.stopped(stop.as_ref()) => piece.stopped(),
            },
        };
        self.forget_stop(token, stop.is_some());
        match (done, store_at) {
            (Done::Returned(Ok(products)), Some(path)) => {
                self.on_blocking(move |me| me.store_products(token, step, &path, products)).await
            }
            (Done::Pulled(at, Some(Ok(item)), rest), Some(path)) => {
                self.on_blocking(move |me| me.store_item(token, step, &path, at, item, rest)).await
            }
            (Done::Returned(result), _) => Some(Message::Returned { token, result, stored: Vec::new() }),
            (Done::Pulled(_, pulled, rest), _) => Some(pulled_message(token, pulled, rest)),
        }
    }

    async fn stopped(&self, stop: Option<&Cancel>) {
        match stop {
            Some(stop) => {
                tokio::select! { () = stop.canceled() => {}, () = self.run.cancel.canceled() => {} }
            }
            None => self.run.cancel.canceled().await,
        }
    }

    /// Does a piece of work on a thread that may block.
    fn attempt_blocking(&self, work: Work, dispatcher: &Arc<Dispatcher>) -> Message {
        let Work { token, step, task, .. } = work;
        let stop = self.stop_for(step, token);
        let code =
            Attempt { dispatcher: Arc::clone(dispatcher), path: work.path.clone(), number: work.attempt };
        let mut attempt = Some(code);
        let context = Context::new(Arc::clone(&self.run), work.path.clone(), work.attempt, stop.clone());
        let message = match task {
            Task::Call(inputs) => {
                let args = Args::of(inputs, context);
                let called = match self.program.ops[step].body() {
                    Body::Blocking(body) => code::run(&mut attempt, || body(args)).and_then(|result| result),
                    Body::Async(_) => Err(Failure::contract("an async op was given to a blocking thread")),
                };
                match called {
                    Ok(products) => self.store_products(token, step, &work.path, products),
                    Err(failure) => Message::Returned { token, result: Err(failure), stored: Vec::new() },
                }
            }
            Task::Pull { output, number, mut items } => {
                match code::run(&mut attempt, || items.next_blocking())
                    .unwrap_or_else(|panic| Some(Err(panic)))
                {
                    Some(Ok(item)) => self.store_item(token, step, &work.path, (output, number), item, items),
                    pulled => pulled_message(token, pulled, items),
                }
            }
        };
        self.forget_stop(token, stop.is_some());
        message
    }

    /// Runs `work` where it may block; none if the runtime is shutting down.
    async fn on_blocking(&self, work: impl FnOnce(&Self) -> Message + Send + 'static) -> Option<Message> {
        let me = self.me.upgrade()?;
        match self.runtime.spawn_blocking(move || work(&me)).await {
            Ok(message) => Some(message),
            Err(error) => error.try_into_panic().map_or(None, |panic| resume_unwind(panic)),
        }
    }

    fn stops(&self) -> MutexGuard<'_, HashMap<u64, Cancel>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only what has a timeout can be stopped alone; all else is stopped with the run.
    fn stop_for(&self, step: usize, token: Token) -> Option<Cancel> {
        self.program.ops[step].timeout()?;
        let stop = Cancel::new();
        self.stops().insert(token.ticket(), stop.clone());
        Some(stop)
    }

    fn forget_stop(&self, token: Token, had_one: bool) {
        if had_one {
            self.stops().remove(&token.ticket());
        }
    }
}

fn pulled_message(token: Token, pulled: Option<StreamItem>, rest: ItemStream) -> Message {
    match pulled {
        Some(Ok((key, value))) => Message::Item { token, key, value, stored: None, rest },
        Some(Err(failure)) => Message::Broke { token, failure },
        None => Message::Ended { token },
    }
}
