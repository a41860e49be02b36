use std::collections::HashMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::host::Worker;
use super::message::{Begin, ToWorker};
use super::minder::{self, Start};
use crate::engine::Dispatcher;
use crate::failure::Failure;
use crate::ids::StepPath;

/// How long those that are killed may take to be gone: it is the system that takes it.
const GONE: Duration = Duration::from_secs(2);

/// How long before the end of its patience a canceled run kills them.
const WITHIN: Duration = Duration::from_millis(500);

/// The workers of a run: started on demand, kept for the next step, ended with the run.
///
/// There are at most as many as steps may run at once, and one for each step whose items are being pulled: it stays with
/// that step, since a crash in another would take them along.
pub(crate) struct Pool {
    me: Weak<Self>,
    begin: Arc<Begin>,
    /// How many steps may run at once.
    slots: usize,
    /// How long a run that ends waits for them.
    grace: Duration,
    inner: Mutex<Inner>,
    gone: Condvar,
}

#[derive(Default)]
struct Inner {
    /// All that have been started and have not ended.
    all: Vec<Arc<Worker>>,
    /// How many are being started of which there is no process yet.
    coming: usize,
    /// Those that are waiting for a step; the one that was used last is the last.
    idle: Vec<Arc<Worker>>,
    /// Those that work, by the ticket of what they do.
    busy: HashMap<u64, Arc<Worker>>,
    /// Those that have items to be pulled, by the attempt that these are of.
    sources: HashMap<(StepPath, u32), Arc<Worker>>,
    /// The numbers of those that were told to end, and may take their time to close what they have opened.
    ending: Vec<u64>,
    /// The number of the next.
    next: u64,
    /// No further one is to be started.
    closed: bool,
}

impl Pool {
    pub(crate) fn new(begin: Begin, slots: usize, grace: Duration) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            begin: Arc::new(begin),
            slots,
            grace,
            inner: Mutex::default(),
            gone: Condvar::new(),
        })
    }

    /// A worker for this attempt: one that is waiting, else a new one.
    pub(super) fn take(
        &self,
        memory: Option<u64>,
        attempt: (StepPath, u32),
        dispatcher: &Arc<Dispatcher>,
    ) -> Result<Arc<Worker>, Failure> {
        let (number, retired) = {
            let mut inner = self.inner();
            if inner.closed {
                return Err(Failure::canceled());
            }
            inner.idle.retain(|worker| !worker.is_dead());
            if let Some(at) = inner.idle.iter().rposition(|worker| worker.memory == memory) {
                let worker = inner.idle.remove(at);
                worker.serve(Some(attempt));
                return Ok(worker);
            }
            let at_work = inner.all.len() + inner.coming - inner.sources.len().min(inner.all.len());
            let retired = (at_work >= self.slots && !inner.idle.is_empty()).then(|| inner.idle.remove(0));
            inner.ending.extend(retired.iter().map(|worker| worker.number));
            inner.coming += 1;
            inner.next += 1;
            (inner.next - 1, retired)
        };
        if let Some(retired) = retired {
            retired.try_send(&ToWorker::End);
        }
        let start = Start {
            number,
            memory,
            attempt,
            begin: Arc::clone(&self.begin),
            dispatcher: Arc::downgrade(dispatcher),
            pool: Weak::clone(&self.me),
        };
        let (ready, is_ready) = sync_channel(1);
        let minder = thread::Builder::new().name(format!("orch-worker-{number}"));
        if let Err(error) = minder.spawn(move || minder::mind(start, &ready)) {
            self.never_was();
            return Err(Failure::from(error).context("no thread can be started to mind a process"));
        }
        is_ready.recv().map_err(Failure::from).and_then(|ready| ready)
    }

    /// A process could not be started.
    pub(super) fn never_was(&self) {
        self.inner().coming -= 1;
        self.gone.notify_all();
    }

    /// There is a process for a worker.
    pub(super) fn has(&self, worker: &Arc<Worker>) {
        let mut inner = self.inner();
        inner.coming -= 1;
        inner.all.push(Arc::clone(worker));
        if inner.closed {
            drop(inner);
            worker.kill();
        }
    }

    /// A worker has ended.
    pub(super) fn died(&self, worker: &Arc<Worker>) {
        let is_other = |other: &Arc<Worker>| other.number != worker.number;
        let mut inner = self.inner();
        inner.all.retain(is_other);
        inner.idle.retain(is_other);
        self.gone.notify_all();
    }

    /// A worker has done what it was taken for.
    pub(super) fn put_back(&self, worker: &Arc<Worker>) {
        worker.serve(None);
        let mut inner = self.inner();
        let is_there = inner.all.iter().any(|other| other.number == worker.number);
        if is_there && !inner.closed {
            inner.idle.push(Arc::clone(worker));
        }
    }

    /// What has this ticket is done by this worker, until [`Pool::done`].
    pub(super) fn begins(&self, ticket: u64, worker: &Arc<Worker>) {
        self.inner().busy.insert(ticket, Arc::clone(worker));
    }

    /// As [`Pool::begins`], by the worker that has the items of this attempt.
    pub(super) fn pulls(&self, ticket: u64, attempt: &(StepPath, u32)) -> Option<Arc<Worker>> {
        let mut inner = self.inner();
        let worker = inner.sources.get(attempt).cloned()?;
        inner.busy.insert(ticket, Arc::clone(&worker));
        Some(worker)
    }

    pub(super) fn done(&self, ticket: u64) {
        self.inner().busy.remove(&ticket);
    }

    /// The worker has items of this attempt to be pulled.
    pub(super) fn keeps(&self, attempt: (StepPath, u32), worker: &Arc<Worker>) {
        self.inner().sources.insert(attempt, Arc::clone(worker));
    }

    /// Nobody will pull items of this attempt any more; true if there were any.
    pub(super) fn lets_go(&self, attempt: &(StepPath, u32)) -> bool {
        self.inner().sources.remove(attempt).is_some()
    }

    pub(super) fn me(&self) -> &Weak<Self> {
        &self.me
    }

    /// Kills the worker that does what has this ticket, if one does.
    pub(crate) fn kill(&self, ticket: u64) {
        let worker = self.inner().busy.get(&ticket).cloned();
        if let Some(worker) = worker {
            worker.kill();
        }
    }

    /// Tells all that work that the run is canceled; true if some do.
    pub(crate) fn cancel(&self) -> bool {
        let busy: Vec<_> = self.inner().busy.values().cloned().collect();
        for worker in &busy {
            // Whoever is sending something looks afterwards whether the run is canceled.
            worker.try_send(&ToWorker::Cancel);
        }
        !busy.is_empty()
    }

    /// How long they may go on in a run that is canceled: a little less than the run waits for them, so that at its end
    /// there is nothing left that still runs.
    pub(crate) fn time_to_cancel(&self) -> Duration {
        self.grace - (self.grace / 4).min(WITHIN)
    }

    /// Kills all that still work, since the run is canceled and their time is over.
    pub(crate) fn kill_busy(&self) {
        let busy: Vec<_> = self.inner().busy.values().cloned().collect();
        busy.iter().for_each(|worker| worker.cancel());
    }

    /// Ends them all, and waits until they are gone: those that wait for a step in order, the others, which work for nobody
    /// any more, at once.
    pub(crate) fn end(&self) {
        let (idle, others) = {
            let mut inner = self.inner();
            inner.closed = true;
            let idle = std::mem::take(&mut inner.idle);
            let ends = |worker: &Arc<Worker>| {
                inner.ending.contains(&worker.number)
                    || idle.iter().any(|other| other.number == worker.number)
            };
            let others: Vec<_> = inner.all.iter().filter(|worker| !ends(worker)).cloned().collect();
            (idle, others)
        };
        others.iter().for_each(|worker| worker.kill());
        for worker in idle {
            worker.try_send(&ToWorker::End);
        }
        if !self.wait(self.grace) {
            self.kill_all();
            self.wait(GONE);
        }
    }

    /// Kills all there are, and starts no more.
    pub(crate) fn kill_all(&self) {
        let all = {
            let mut inner = self.inner();
            inner.closed = true;
            inner.all.clone()
        };
        all.iter().for_each(|worker| worker.kill());
    }

    /// Waits until all are gone, but no longer than this; false if some are not.
    fn wait(&self, most: Duration) -> bool {
        let end = Instant::now() + most;
        let mut inner = self.inner();
        while !inner.all.is_empty() || inner.coming > 0 {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
            let waited = self.gone.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A run that broke off ends nothing in order.
        self.kill_all();
    }
}
