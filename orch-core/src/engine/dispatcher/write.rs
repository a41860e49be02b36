use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Broken, Dispatcher, Inner, Turn};
use crate::engine::Message;
use crate::event::{Entry, Journal};
use crate::failure::{Failure, panic_message};

/// So many events are held before whoever logs has to wait.
pub(super) const MOST_HELD: usize = 4096;

/// As long as whoever logs waits.
const PATIENCE: Duration = Duration::from_millis(100);

/// So often whoever writes looks whether others have reported meanwhile.
const ROUNDS: usize = 8;

/// Where the events of the run are written before anything follows from them.
///
/// What the state decides is held, in the order of the decisions. Whoever has nothing else to do writes: all that is
/// held goes into the journal as one commit, is told and carried out. So there is one commit at a time, each has what
/// queued meanwhile, and nobody waits for a tick. A chain is written by the thread that runs it; the events of a fan-out
/// come together while a worker does one small step after another. Whoever is about to do something that takes long
/// writes before, so that nothing is held for long. Only calls of ops wait; to pull the next item, or to store one, goes on
/// with code whose start is written.
///
/// A commit that takes long, since it waits for a disk or is a large one, is made by a thread of its own, which sleeps until
/// there is one: those that poll async code must not wait so long, and meanwhile do what comes next.
pub(super) struct Writer {
    journal: Mutex<Option<Box<dyn Journal>>>,
    /// From how many events on the next commit takes long.
    blocks_from: AtomicUsize,
    /// Wakes the thread for these, once there has been one; none if none could be started.
    wake: OnceLock<Option<SyncSender<Arc<Dispatcher>>>>,
}

impl Writer {
    pub(super) fn new(journal: Box<dyn Journal>) -> Self {
        let blocks_from = AtomicUsize::new(journal.blocks_from());
        Self { journal: Mutex::new(Some(journal)), blocks_from, wake: OnceLock::new() }
    }

    /// Whether a commit of so many events takes long.
    fn blocks(&self, events: usize) -> bool {
        events >= self.blocks_from.load(Ordering::Relaxed)
    }

    /// Whether someone else makes the next commit, if it is one of so many events.
    fn is_handed_over(&self, events: usize) -> bool {
        self.blocks(events) && self.wake.get().is_some_and(Option::is_some)
    }

    fn commit(&self, entries: &[Entry]) -> Result<(), Failure> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *journal {
            Some(journal) if !entries.is_empty() => {
                let committed = catch_unwind(AssertUnwindSafe(|| {
                    journal.commit(entries)?;
                    self.blocks_from.store(journal.blocks_from(), Ordering::Relaxed);
                    Ok(())
                }));
                committed.unwrap_or_else(|payload| Err(Failure::new(panic_message(&*payload))))
            }
            _ => Ok(()),
        }
    }
}

impl Dispatcher {
    /// Whether there is a journal.
    pub(crate) fn is_recorded(&self) -> bool {
        self.writer.is_some()
    }

    /// Writes what is held, for a caller that has nothing else to do, or is going to do what may take its time. The work that
    /// follows is added to the turn's.
    pub(crate) fn flush(self: &Arc<Self>, turn: &mut Turn) {
        let Some(writer) = self.writer.as_ref().filter(|writer| !writer.is_handed_over(0)) else { return };
        for _ in 0..ROUNDS {
            if !self.write(turn, |events| !writer.is_handed_over(events)) {
                return;
            }
        }
        // Others report without end, and this caller has other things to do.
        self.call_writer();
    }

    /// Reports a line that was logged. It is written by another thread: in the midst of the user's code nothing of others is
    /// carried out, which may need what that code has locked.
    ///
    /// Who logs faster than can be written waits: lines are all that code can produce without waiting for anything, and
    /// they would fill the memory. But not for long, since whoever writes may wait for the very code that logs.
    pub(crate) fn report_line(self: &Arc<Self>, line: Message) {
        if self.writer.is_none() {
            return self.report_only(line);
        }
        let mut guard = self.lock();
        if guard.held.events.len() >= MOST_HELD && guard.broken.is_none() {
            guard.waiting += 1;
            guard = self.room.wait_timeout(guard, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
            guard.waiting -= 1;
        }
        drop(guard);
        self.report(line, &mut Turn::default());
        self.call_writer();
    }

    /// Has another thread of the runtime write what is held. It is one of those for code that blocks, so that a clock which
    /// is paused for a test waits for it.
    fn call_writer(self: &Arc<Self>) {
        let Some(writer) = &self.writer else { return };
        let mut guard = self.lock();
        if !writer.is_handed_over(guard.held.events.len()) && !std::mem::replace(&mut guard.called, true) {
            drop(guard);
            let dispatcher = Arc::clone(self);
            drop(self.runtime.spawn_blocking(move || {
                dispatcher.lock().called = false;
                dispatcher.write_all();
            }));
        }
    }

    /// Writes until nothing is held, and has others do the work that follows.
    fn write_all(self: &Arc<Self>) {
        let mut turn = Turn::default();
        let mut goes_on = true;
        while goes_on {
            goes_on = self.write(&mut turn, |_| true);
            self.executor.start_all(&mut turn.work, self);
        }
    }

    /// Something of the run cannot be recorded: it breaks off.
    pub(crate) fn unrecorded(self: &Arc<Self>, failure: &Failure) {
        let message = failure.info().to_string();
        self.break_off(self.lock(), Broken { message, unrecorded: true });
    }

    /// The journal, when the run is over and nothing will be written any more.
    pub(crate) fn take_journal(&self) -> Option<Box<dyn Journal>> {
        let journal = &self.writer.as_ref()?.journal;
        journal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes, tells and carries out what is held, unless someone is at it, or so many events are not the caller's to write. Says
    /// whether more is held by then, and nobody at it: the caller has to see to this, now or when it has done the work that
    /// follows.
    fn write(self: &Arc<Self>, turn: &mut Turn, is_own: impl FnOnce(usize) -> bool) -> bool {
        let Some(writer) = &self.writer else { return false };
        let mut held = {
            let mut guard = self.lock();
            if guard.writing || !guard.holds || !is_own(guard.held.events.len()) {
                return false;
            }
            (guard.writing, guard.holds) = (guard.broken.is_none(), false);
            self.make_room(&guard);
            std::mem::take(&mut guard.held)
        };
        let entries = entries(&mut held);
        if let Err(failure) = writer.commit(&entries) {
            self.unrecorded(&failure);
            return false;
        }
        let mut guard = self.lock();
        if guard.broken.is_some() {
            // Of a run that broke off nothing more is told. What is left is dropped when the lock is free.
            drop(guard);
            return false;
        }
        // What is let go of is dropped when others can write again: its `Drop` may wait for one who waits for room.
        let mut dropped = Turn { let_go: std::mem::take(&mut held.let_go), ..Turn::default() };
        let lets_go = !dropped.let_go.is_empty();
        guard.letting_go += usize::from(lets_go);
        let told = guard.tell(entries.iter().map(|entry| &entry.event), &mut held);
        self.carry_out(guard, told, 0, &mut held);
        turn.work.append(&mut held.work);
        let mut guard = self.lock();
        guard.writing = false;
        self.make_room(&guard);
        let (more, events) = (guard.holds, guard.held.events.len());
        drop(guard);
        if lets_go {
            self.let_go(&mut dropped);
        }
        more && !self.hand_over(events)
    }

    /// Wakes those who wait to report a line: it can be held, or they can write.
    pub(super) fn make_room(&self, inner: &Inner) {
        if inner.waiting > 0 {
            self.room.notify_all();
        }
    }

    /// Has the so many events that are held written by the thread for commits that take long, if that is one; else whoever has
    /// nothing else to do writes.
    pub(super) fn hand_over(self: &Arc<Self>, events: usize) -> bool {
        let Some(writer) = self.writer.as_ref().filter(|writer| writer.blocks(events)) else { return false };
        let Some(wake) = writer.wake.get_or_init(|| self.start_writing()) else { return false };
        // If it has been woken already, it will see this too. With the word it has the dispatcher itself: what is held is
        // written though nobody else may know of the run any more.
        !matches!(wake.try_send(Arc::clone(self)), Err(TrySendError::Disconnected(_)))
    }

    /// Starts the thread for commits that take long. Where the machine has none left to give, whoever reports waits himself.
    fn start_writing(&self) -> Option<SyncSender<Arc<Self>>> {
        let (wake, woken) = sync_channel::<Arc<Self>>(1);
        let runtime = self.runtime.clone();
        let write = move || {
            // What a run lets go of may need the runtime to be dropped.
            let _entered = runtime.enter();
            while let Ok(dispatcher) = woken.recv() {
                dispatcher.write_all();
            }
        };
        let thread = thread::Builder::new().name("orch journal".to_owned()).spawn(write);
        thread.is_ok().then_some(wake)
    }
}

/// What is to be written of what is held.
fn entries(held: &mut Turn) -> Vec<Entry> {
    let mut values = held.values.drain(..).peekable();
    let entries = held.events.drain(..).enumerate().map(|(number, event)| {
        let value = values.next_if(|(of, _)| *of == number).map(|(_, value)| value);
        Entry { event, value }
    });
    entries.collect()
}
