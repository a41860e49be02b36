use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;

use crate::define::Cancel;
use crate::engine::{Dispatcher, Message, Promise, Surroundings};
use crate::failure::Failure;
use crate::step::isolated::Pool;
use crate::step::{self, guarded};

#[cfg(test)]
mod tests;

/// The resources of a run: how each is opened and closed. They are opened one after another, in the order of their keys,
/// and closed the other way round.
pub(crate) trait Lifecycle: Send + Sync + 'static {
    /// All resources, in the order in which they are opened.
    fn keys(&self) -> Vec<Arc<str>>;

    /// Whether the opening of a resource blocks, so that it cannot be stopped once it has begun.
    fn blocks(&self, key: &str) -> bool;

    /// Opens a resource. If the run is canceled before, the future is dropped, unless the opening blocks: then it is
    /// waited for, since what it needs must not be closed before it.
    fn open<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// Closes a resource that was opened.
    fn close<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Opens and closes resources in tasks of their own: they must be closed also if nobody waits for the run any more.
#[derive(Clone)]
pub(super) struct Resources {
    lifecycle: Arc<dyn Lifecycle>,
    /// What is open. Locked as long as more is being opened, and as long as it is being closed.
    open: Arc<Mutex<Vec<Arc<str>>>>,
    /// No further one is to be opened.
    stop: Cancel,
    closed: Cancel,
    /// The processes of steps that have some of their own: they end before anything is closed here.
    workers: Option<Arc<Pool>>,
    runtime: Handle,
    subscriber: Dispatch,
}

impl Resources {
    pub(super) fn new(lifecycle: Arc<dyn Lifecycle>, workers: Option<Arc<Pool>>) -> Self {
        Self {
            lifecycle,
            open: Arc::default(),
            stop: Cancel::new(),
            closed: Cancel::new(),
            workers,
            runtime: Handle::current(),
            subscriber: step::subscriber(),
        }
    }

    /// Waits until all that was open is closed.
    pub(super) async fn closed(&self) {
        self.closed.canceled().await;
    }

    async fn open_all(self, mut open: OwnedMutexGuard<Vec<Arc<str>>>, dispatcher: &Arc<Dispatcher>) {
        for resource in self.lifecycle.keys() {
            if self.stop.is_canceled() {
                return;
            }
            dispatcher.report_only(Message::ResourceOpening { resource: Arc::clone(&resource) });
            let begun = Instant::now();
            let blocks = self.lifecycle.blocks(&resource);
            let stop = async {
                match blocks {
                    true => std::future::pending().await,
                    false => self.stop.canceled().await,
                }
            };
            match guarded(dispatcher, stop, || self.lifecycle.open(&resource)).await {
                Ok(()) => {
                    open.push(Arc::clone(&resource));
                    dispatcher.report_only(Message::ResourceOpened { resource, took: begun.elapsed() });
                }
                Err(failure) => {
                    return dispatcher.report_only(Message::ResourceBroke { resource, failure });
                }
            }
        }
        dispatcher.report_only(Message::Opened);
    }

    async fn close_all(self, dispatcher: &Arc<Dispatcher>) {
        if let Some(workers) = self.workers.clone() {
            // If the runtime shuts down, they are killed with the run.
            let _ = self.runtime.spawn_blocking(move || workers.end()).await;
        }
        let mut open = self.open.lock().await;
        while let Some(resource) = open.pop() {
            let begun = Instant::now();
            let closed =
                guarded(dispatcher, std::future::pending(), || self.lifecycle.close(&resource)).await;
            let result = closed.map(|()| begun.elapsed());
            dispatcher.report_only(Message::ResourceClosed { resource, result });
        }
        dispatcher.report_only(Message::Closed);
        self.closed.cancel();
    }
}

impl Surroundings for Resources {
    fn open(&self, dispatcher: &Arc<Dispatcher>) {
        // Locked before anyone can ask for them to be closed, so that whoever does waits for what is being opened.
        let Ok(open) = Arc::clone(&self.open).try_lock_owned() else { return };
        let (me, mut promise) = (self.clone(), Promise::to(dispatcher));
        let task = async move {
            me.open_all(open, promise.dispatcher()).await;
            promise.keep();
        };
        drop(self.runtime.spawn(task.with_subscriber(self.subscriber.clone())));
    }

    fn stop(&self) {
        self.stop.cancel();
    }

    fn close(&self, dispatcher: &Arc<Dispatcher>) {
        self.stop();
        let (me, mut promise) = (self.clone(), Promise::to(dispatcher));
        let task = async move {
            me.close_all(promise.dispatcher()).await;
            promise.keep();
        };
        drop(self.runtime.spawn(task.with_subscriber(self.subscriber.clone())));
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resources").field(&self.lifecycle.keys()).finish()
    }
}
