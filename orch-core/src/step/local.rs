use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
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
    /// Where the log lines of steps go: the program's subscriber, else one that has them told as events.
    subscriber: tracing::Dispatch,
    /// How to stop the attempts that can be stopped alone: those with a timeout.
    stops: Mutex<HashMap<u64, Cancel>>,
    me: Weak<Self>,
}

impl Local {
    pub(crate) fn new(program: Arc<Program>, run: Arc<RunContext>, io: Arc<IoManagers>) -> Self {
        use tracing_subscriber::layer::SubscriberExt as _;
        // A subscriber may be set for the present thread alone, so the workers take it along.
        let present = tracing::dispatcher::get_default(Clone::clone);
        let subscriber = if present.is::<tracing::subscriber::NoSubscriber>() {
            tracing::Dispatch::new(tracing_subscriber::registry().with(LogLayer))
        } else {
            present
        };
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
    fn expect(&self, work: &Work) {
        if self.shared.program.ops[work.step].timeout().is_some() {
            self.shared.stops().insert(work.token.ticket(), Cancel::new());
        }
    }

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
        let (dispatcher, subscriber) = (Arc::clone(dispatcher), self.subscriber.clone());
        match self.program.ops[work.step].body() {
            Body::Async(_) => {
                drop(self.runtime.spawn(me.drive(work, dispatcher).with_subscriber(subscriber)));
            }
            Body::Blocking(_) => drop(self.runtime.spawn_blocking(move || {
                tracing::dispatcher::with_default(&subscriber, || me.drive_blocking(work, &dispatcher));
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
        let stop = self.stop_of(step, token);
        if self.is_stopped(stop.as_ref()) {
            return Some(self.not_begun(token, &task));
        }
        let context = Context::new(Arc::clone(&self.run), path.clone(), attempt, stop.clone());
        let store_at = self.stores(step).then(|| path.clone());
        let code = Attempt { dispatcher: Arc::clone(dispatcher), path, number: attempt };
        let mut piece = Piece::new(self.program.ops[step].body(), task, context, code);
        let mut stopped = pin!(self.stopped(stop.as_ref()));
        let done = poll_fn(|cx| match piece.poll(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            // Looked at only where the code waits: most is done at once.
            Poll::Pending => stopped.as_mut().poll(cx).map(|()| piece.stopped()),
        });
        let done = done.await;
        let store_at = store_at.filter(|_| in_time(stop.as_ref()).is_ok());
        let message = match (done, store_at) {
            (Done::Returned(Ok(products)), Some(path)) => {
                self.on_blocking(move |me| me.store_products(token, step, &path, products)).await
            }
            (Done::Pulled(at, Some(Ok(item)), rest), Some(path)) => {
                self.on_blocking(move |me| me.store_item(token, step, &path, at, item, rest)).await
            }
            (Done::Returned(result), _) => Some(Message::Returned { token, result, stored: Vec::new() }),
            (Done::Pulled(_, pulled, rest), _) => Some(pulled_message(token, pulled, rest)),
        };
        self.forget_stop(token, stop.is_some());
        message
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
        let stop = self.stop_of(step, token);
        if self.is_stopped(stop.as_ref()) {
            return self.not_begun(token, &task);
        }
        let code =
            Attempt { dispatcher: Arc::clone(dispatcher), path: work.path.clone(), number: work.attempt };
        let mut attempt = Some(code);
        let context = Context::new(Arc::clone(&self.run), work.path.clone(), work.attempt, stop.clone());
        let message = match task {
            Task::Call(inputs) => {
                let args = Args::of(inputs, context);
                let called = match self.program.ops[step].body() {
                    Body::Blocking(body) => {
                        let called = code::run(&mut attempt, || body(args)).and_then(|result| result);
                        called.and_then(|products| in_time(stop.as_ref()).map(|()| products))
                    }
                    Body::Async(_) => Err(Failure::contract("an async op was given to a blocking thread")),
                };
                match called {
                    Ok(products) => self.store_products(token, step, &work.path, products),
                    Err(failure) => Message::Returned { token, result: Err(failure), stored: Vec::new() },
                }
            }
            Task::Pull { output, number, mut items } => {
                let pulled = code::run(&mut attempt, || items.next_blocking(self.stopped(stop.as_ref())));
                let pulled = pulled.unwrap_or_else(|panic| Some(Err(panic)));
                match pulled.map(|item| item.and_then(|item| in_time(stop.as_ref()).map(|()| item))) {
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
    fn stop_of(&self, step: usize, token: Token) -> Option<Cancel> {
        self.program.ops[step].timeout()?;
        self.stops().get(&token.ticket()).cloned()
    }

    fn is_stopped(&self, stop: Option<&Cancel>) -> bool {
        self.run.cancel.is_canceled() || stop.is_some_and(Cancel::is_canceled)
    }

    /// Says of work that its code did not begin: it waited for a thread until nobody wanted it any more.
    fn not_begun(&self, token: Token, task: &Task) -> Message {
        self.stops().remove(&token.ticket());
        let failure = Failure::canceled();
        match task {
            Task::Call(_) => Message::Returned { token, result: Err(failure), stored: Vec::new() },
            Task::Pull { .. } => Message::Broke { token, failure },
        }
    }

    fn forget_stop(&self, token: Token, had_one: bool) {
        if had_one {
            self.stops().remove(&token.ticket());
        }
    }
}

/// What comes too late is not stored: the next attempt may have stored its own there.
fn in_time(stop: Option<&Cancel>) -> Result<(), Failure> {
    if stop.is_some_and(Cancel::is_canceled) { Err(Failure::canceled()) } else { Ok(()) }
}

fn pulled_message(token: Token, pulled: Option<StreamItem>, rest: ItemStream) -> Message {
    match pulled {
        Some(Ok((key, value))) => Message::Item { token, key, value, stored: None, rest },
        Some(Err(failure)) => Message::Broke { token, failure },
        None => Message::Ended { token },
    }
}
