use std::collections::HashMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::ask::Informant;
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
    /// Who answers what code asks.
    informant: Arc<Informant>,
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
    /// Who does what, by the ticket of what is done.
    busy: HashMap<u64, Busy>,
    /// Those that have items to be pulled, by the attempt that these are of.
    sources: HashMap<(StepPath, u32), Arc<Worker>>,
    /// The numbers of those that were told to end, and may take their time to close what they have opened.
    ending: Vec<u64>,
    /// The number of the next.
    next: u64,
    /// No further one is to be started.
    closed: bool,
}

/// Who does what has a ticket.
enum Busy {
    /// The worker that is getting ready for it, if it is there yet.
    Coming(Option<Arc<Worker>>),
    Works(Arc<Worker>),
    /// Nobody: it was to be killed before there was a worker.
    Stopped,
}

impl Busy {
    fn kill(&mut self, kill: impl FnOnce(&Worker)) {
        match self {
            Self::Coming(Some(worker)) | Self::Works(worker) => kill(worker),
            Self::Coming(None) => *self = Self::Stopped,
            Self::Stopped => {}
        }
    }
}

impl Pool {
    pub(crate) fn new(begin: Begin, informant: Informant, slots: usize, grace: Duration) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            begin: Arc::new(begin),
            informant: Arc::new(informant),
            slots,
            grace,
            inner: Mutex::default(),
            gone: Condvar::new(),
        })
    }

    /// A worker for this attempt: one that is waiting, else a new one. From the moment in which it is there, [`Pool::kill`]
    /// finds it by the ticket, which [`Pool::expects`] has made known.
    pub(super) fn take(
        &self,
        ticket: u64,
        memory: Option<u64>,
        attempt: (StepPath, u32),
        dispatcher: &Arc<Dispatcher>,
    ) -> Result<Arc<Worker>, Failure> {
        let (number, retired) = {
            let mut inner = self.inner();
            if inner.closed || matches!(inner.busy.get(&ticket), Some(Busy::Stopped)) {
                return Err(Failure::canceled());
            }
            inner.idle.retain(|worker| !worker.is_killed());
            if let Some(at) = inner.idle.iter().rposition(|worker| worker.memory == memory) {
                let worker = inner.idle.remove(at);
                worker.serve(Some(attempt));
                inner.busy.insert(ticket, Busy::Works(Arc::clone(&worker)));
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
            retired.send_soon(ToWorker::End);
        }
        let start = Start {
            ticket,
            number,
            memory,
            attempt,
            begin: Arc::clone(&self.begin),
            informant: Arc::clone(&self.informant),
            dispatcher: Arc::downgrade(dispatcher),
            pool: Weak::clone(&self.me),
        };
        let (ready, is_ready) = sync_channel(1);
        let minder = thread::Builder::new().name(format!("orch-worker-{number}"));
        if let Err(error) = minder.spawn(move || minder::mind(start, &ready)) {
            self.never_was();
            return Err(Failure::from(error).context("no thread can be started to mind a process"));
        }
        let worker = is_ready.recv().map_err(Failure::from).and_then(|ready| ready)?;
        self.inner().busy.insert(ticket, Busy::Works(Arc::clone(&worker)));
        Ok(worker)
    }

    /// A process could not be started.
    pub(super) fn never_was(&self) {
        self.inner().coming -= 1;
        self.gone.notify_all();
    }

    /// There is a process for the worker that what has this ticket waits for.
    pub(super) fn has(&self, worker: &Arc<Worker>, ticket: u64) {
        let mut inner = self.inner();
        inner.coming -= 1;
        inner.all.push(Arc::clone(worker));
        match inner.busy.get_mut(&ticket) {
            Some(Busy::Stopped) => worker.cancel(),
            Some(busy) => *busy = Busy::Coming(Some(Arc::clone(worker))),
            None => {}
        }
        if inner.closed {
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
        // Whoever kills it holds the lock, so it was killed before this or is not killed for what it has done.
        let is_there = !worker.is_killed() && inner.all.iter().any(|other| other.number == worker.number);
        if is_there && !inner.closed {
            inner.idle.push(Arc::clone(worker));
        }
    }

    /// What has this ticket is about to get a worker, and can be killed until [`Pool::done`].
    pub(super) fn expects(&self, ticket: u64) {
        self.inner().busy.insert(ticket, Busy::Coming(None));
    }

    /// What has this ticket is done by the worker that has the items of this attempt, until [`Pool::done`].
    pub(super) fn pulls(&self, ticket: u64, attempt: &(StepPath, u32)) {
        let mut inner = self.inner();
        if let Some(worker) = inner.sources.get(attempt).cloned() {
            inner.busy.insert(ticket, Busy::Works(worker));
        }
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

    /// Kills the worker that does what has this ticket, or gets ready for it, if one does.
    pub(crate) fn kill(&self, ticket: u64) {
        // Under the lock, or it might work for another by the time it is killed.
        if let Some(busy) = self.inner().busy.get_mut(&ticket) {
            busy.kill(Worker::kill);
        }
    }

    /// Tells all that work that the run is canceled; true if some do.
    pub(crate) fn cancel(&self) -> bool {
        let (some, at_work) = {
            let inner = self.inner();
            // One that gets ready knows no run yet; whoever waits for it looks afterwards.
            let at_work = inner.busy.values().filter_map(|busy| match busy {
                Busy::Works(worker) => Some(Arc::clone(worker)),
                Busy::Coming(_) | Busy::Stopped => None,
            });
            (!inner.busy.is_empty(), at_work.collect::<Vec<_>>())
        };
        for worker in at_work {
            worker.send_soon(ToWorker::Cancel);
        }
        some
    }

    /// How long they may go on in a run that is canceled: a little less than the run waits for them, so that at its end
    /// there is nothing left that still runs.
    pub(crate) fn time_to_cancel(&self) -> Duration {
        self.grace - (self.grace / 4).min(WITHIN)
    }

    /// Kills all that still work, since the run is canceled and their time is over.
    pub(crate) fn kill_busy(&self) {
        self.inner().busy.values_mut().for_each(|busy| busy.kill(Worker::cancel));
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
            worker.send_soon(ToWorker::End);
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

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::super::message::{Logs, Variables};
    use super::*;
    use crate::ids::RunId;

    fn pool() -> Arc<Pool> {
        let begin = Begin {
            run: RunId::from_u128(1),
            job: "dex".to_owned(),
            environment: None,
            tags: Default::default(),
            config: None,
            variables: Variables { process: false, given: Default::default() },
            steps: Vec::new(),
            resources: Vec::new(),
            logs: Logs { level: String::new(), variable: false },
        };
        Pool::new(begin, Informant::knows_nothing(), 1, Duration::ZERO)
    }

    /// A worker without a process, that comes for this ticket.
    fn comes(pool: &Pool, ticket: u64) -> Arc<Worker> {
        let (socket, _) = UnixStream::pair().expect("two sockets");
        let worker = Arc::new(Worker::new(ticket, None, socket, None, Weak::new()));
        pool.inner().coming += 1;
        pool.has(&worker, ticket);
        worker
    }

    #[test]
    fn a_worker_that_is_killed_when_it_has_just_returned_is_kept_for_nobody() {
        let pool = pool();
        for (ticket, kept) in [(0, 1), (1, 1)] {
            pool.expects(ticket);
            let worker = comes(&pool, ticket);
            if ticket == 1 {
                // It has answered by now, and whoever asked has not yet said that it is done.
                pool.kill(ticket);
            }
            pool.done(ticket);
            pool.put_back(&worker);
            assert_eq!(pool.inner().idle.len(), kept, "{ticket}");
            // Too late: what it does next is not meant.
            pool.kill(ticket);
            assert_eq!(worker.is_killed(), ticket == 1);
        }
    }

    #[test]
    fn what_is_stopped_while_its_worker_gets_ready_is_killed() {
        let pool = pool();
        pool.expects(0);
        let worker = comes(&pool, 0);
        pool.kill(0);
        assert!(worker.is_killed());
        // Before there is a process, it is killed as soon as there is one.
        pool.expects(1);
        pool.kill(1);
        assert!(comes(&pool, 1).is_killed());
    }
}
