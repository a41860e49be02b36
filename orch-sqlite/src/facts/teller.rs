use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use orch_core::ids::RunId;

use super::OfRun;
use crate::list::List;

/// Puts facts of runs under way beside the list, on a thread of its own: whoever commits an event waits neither for another
/// database nor for others who write it. What comes while facts are put is put together, next.
#[derive(Debug)]
pub(crate) struct Teller {
    list: Arc<List>,
    missing: Arc<Missing>,
    /// None before there are facts.
    thread: Mutex<Option<Thread>>,
}

/// So many commits may wait to be put, with values that lie with facts: beyond, they are taken from the log when the run ends.
const AHEAD: usize = 1024;

#[derive(Debug)]
struct Thread {
    sender: SyncSender<Said>,
    handle: JoinHandle<()>,
}

/// After the event of which number facts of a run are missing, of runs of which some could not be put.
type Missing = Mutex<BTreeMap<RunId, u64>>;

enum Said {
    Facts(RunId, OfRun),
    /// All before is to be put, and then this one to be told.
    Await(SyncSender<()>),
}

impl Teller {
    pub(crate) fn new(list: Arc<List>) -> Self {
        Self { list, missing: Arc::default(), thread: Mutex::default() }
    }

    /// Has these facts put, soon.
    pub(crate) fn tell(&self, run: RunId, facts: OfRun) {
        let after = facts.after;
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = self.start();
        }
        let told =
            thread.as_ref().is_some_and(|thread| thread.sender.try_send(Said::Facts(run, facts)).is_ok());
        if !told {
            // Others have the list for long, or the machine has no thread left.
            miss(&self.missing, run, after);
        }
    }

    /// Waits until all that was told is put, or could not be. Whoever has the list must not: the thread waits for it.
    pub(crate) fn wait(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = thread.as_ref().map(|thread| thread.sender.clone());
        drop(thread);
        let Some(sender) = sender else { return };
        let (done, reached) = sync_channel(1);
        if sender.send(Said::Await(done)).is_ok() {
            // An error says that the thread has ended, and so nothing is to be waited for.
            let _ = reached.recv();
        }
    }

    /// Waits, and gives the number of the event after which facts of this run are missing, if some are. From here on nobody
    /// remembers it but whoever asked.
    pub(crate) fn take_missing(&self, run: RunId) -> Option<u64> {
        self.wait();
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).remove(&run)
    }

    fn start(&self) -> Option<Thread> {
        let (sender, told) = sync_channel(AHEAD);
        let (list, missing) = (Arc::clone(&self.list), Arc::clone(&self.missing));
        let thread = thread::Builder::new().name("orch facts".into());
        let handle = thread.spawn(move || put_all(&list, &missing, &told)).ok()?;
        Some(Thread { sender, handle })
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Thread { sender, handle }) = thread.take() {
            drop(sender);
            // What it could not put, is put by whoever settles the run.
            let _ = handle.join();
        }
    }
}

/// Puts whatever is told, until nobody is left who could tell more.
fn put_all(list: &List, missing: &Missing, told: &Receiver<Said>) {
    while let Ok(first) = told.recv() {
        let (mut facts, mut waiting) = (Vec::new(), Vec::new());
        for said in std::iter::once(first).chain(told.try_iter()) {
            match said {
                Said::Facts(run, of_run) => facts.push((run, of_run)),
                Said::Await(done) => waiting.push(done),
            }
        }
        if !facts.is_empty() {
            put(list, missing, &facts);
        }
        for done in waiting {
            // An error says that nobody waits any more.
            let _ = done.send(());
        }
    }
}

/// Puts these facts, all of them or none.
fn put(list: &List, missing: &Missing, facts: &[(RunId, OfRun)]) {
    let put = list.lock().and_then(|mut list| {
        list.put_facts(facts.iter().map(|(_, of_run)| of_run))?;
        Ok(list)
    });
    match put {
        // If a reader is in the way, or the disk is full, it is tried again the next time.
        Ok(mut locked) if list.is_due() => drop(locked.checkpoint()),
        Ok(_) => {}
        Err(_) => facts.iter().for_each(|(run, of_run)| miss(missing, *run, of_run.after)),
    }
}

/// Facts of a run are missing after the event of this number: what is missing already comes before it.
fn miss(missing: &Missing, run: RunId, after: u64) {
    missing.lock().unwrap_or_else(PoisonError::into_inner).entry(run).or_insert(after);
}
