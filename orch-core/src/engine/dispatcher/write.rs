use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use super::{Broken, Dispatcher, Turn};
use crate::engine::Message;
use crate::event::{Entry, Journal};
use crate::failure::{Failure, panic_message};
use crate::plan::Program;

/// So many turns are held before whoever logs has to wait.
const MOST_HELD: usize = 4096;

/// Where the events of the run are written before anything follows from them.
///
/// What the state decides is held, in the order of the decisions. Whoever has nothing else to do writes: all that is
/// held goes into the journal as one commit, is told and carried out. So there is one commit at a time, each has what
/// queued meanwhile, and nobody waits for a tick. A chain is written by the thread that runs it; the events of a fan-out
/// come together while a worker does one small step after another. Whoever is about to do something that takes long
/// writes before, so that nothing is held for long. Only calls of ops wait; to pull the next item, or to store one, goes on
/// with code whose start is written.
///
/// A journal that waits for a disk is written by a thread of its own, which sleeps until something is held: those that
/// poll async code must not wait so long.
pub(super) struct Writer {
    journal: Mutex<Option<Box<dyn Journal>>>,
    /// None if whoever reports writes.
    wake: Option<SyncSender<Arc<Dispatcher>>>,
    /// Steps that do not run are written as little as they are told; none if there are none.
    given: Option<Arc<Program>>,
}

impl Writer {
    pub(super) fn new(
        journal: Box<dyn Journal>,
        given: Option<Arc<Program>>,
    ) -> (Self, Option<Receiver<Arc<Dispatcher>>>) {
        let (wake, woken) = journal.blocks().then(|| sync_channel(1)).unzip();
        (Self { journal: Mutex::new(Some(journal)), wake, given }, woken)
    }

    /// The events of these turns, with how many each has.
    fn entries(&self, held: &mut [Turn]) -> (Vec<Entry>, Vec<usize>) {
        let mut entries = Vec::with_capacity(held.iter().map(|turn| turn.events.len()).sum());
        let counts = held.iter_mut().map(|turn| {
            let before = entries.len();
            let mut values = turn.values.drain(..).peekable();
            for (number, event) in turn.events.drain(..).enumerate() {
                let value = values.next_if(|(of, _)| *of == number).map(|(_, value)| value);
                if self.given.as_ref().is_none_or(|program| program.tells(&event)) {
                    entries.push(Entry { event, value });
                }
            }
            entries.len() - before
        });
        let counts = counts.collect();
        (entries, counts)
    }

    fn commit(&self, entries: &[Entry]) -> Result<(), Failure> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *journal {
            Some(journal) if !entries.is_empty() => {
                let committed = catch_unwind(AssertUnwindSafe(|| journal.commit(entries)));
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

    /// Starts the thread that writes.
    pub(super) fn start_writing(self: &Arc<Self>, woken: Receiver<Arc<Self>>) -> io::Result<()> {
        let runtime = self.runtime.clone();
        let write = move || {
            // What a run lets go of may need the runtime to be dropped.
            let _entered = runtime.enter();
            while let Ok(dispatcher) = woken.recv() {
                dispatcher.write_all();
            }
        };
        thread::Builder::new().name("orch journal".to_owned()).spawn(write).map(drop)
    }

    /// Something is held. It is written now, unless the caller has other work in hand.
    pub(super) fn written(self: &Arc<Self>, turn: &mut Turn) {
        match self.writer.as_ref().and_then(|writer| writer.wake.as_ref()) {
            // If it has been woken already, it will see this too. With the word it has the dispatcher itself: what is held
            // is written though nobody else may know of the run any more.
            Some(wake) => drop(wake.try_send(Arc::clone(self))),
            None if turn.work.is_empty() => while self.write(turn) && turn.work.is_empty() {},
            None => {}
        }
    }

    /// Writes what is held, for a caller that is going to do something else. The work that follows is added to the turn's.
    pub(crate) fn flush(self: &Arc<Self>, turn: &mut Turn) {
        let writes = self.writer.as_ref().is_some_and(|writer| writer.wake.is_none());
        if writes && self.write(turn) {
            // The caller is not to be held up by what others report.
            let dispatcher = Arc::clone(self);
            drop(self.runtime.spawn(async move { dispatcher.write_all() }));
        }
    }

    /// Reports a line that was logged. Who logs faster than can be written waits: lines are all that code can produce
    /// without waiting for anything, and they would fill the memory.
    pub(crate) fn report_line(self: &Arc<Self>, line: Message) {
        if let Some(writer) = &self.writer {
            let mut guard = self.lock();
            while guard.held.len() >= MOST_HELD
                && guard.broken.is_none()
                && (guard.writing || writer.wake.is_some())
            {
                guard = self.room.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
        }
        self.report_only(line);
    }

    /// Writes until nothing is held, and has others do the work that follows.
    fn write_all(self: &Arc<Self>) {
        let mut turn = Turn::default();
        let mut goes_on = true;
        while goes_on {
            goes_on = self.write(&mut turn);
            turn.work.drain(..).for_each(|work| self.executor.start(work, self));
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

    /// Writes, tells and carries out what is held, unless someone is at it. Says whether more is held by then, and nobody
    /// at it: the caller has to see to this, now or when it has done the work that follows.
    fn write(self: &Arc<Self>, turn: &mut Turn) -> bool {
        let Some(writer) = &self.writer else { return false };
        let mut held = {
            let mut guard = self.lock();
            if guard.writing || guard.held.is_empty() {
                return false;
            }
            guard.writing = guard.broken.is_none();
            std::mem::take(&mut guard.held)
        };
        self.room.notify_all();
        let (entries, counts) = writer.entries(&mut held);
        if let Err(failure) = writer.commit(&entries) {
            self.unrecorded(&failure);
            return false;
        }
        let mut entries = entries.iter();
        for (mut decided, count) in held.into_iter().zip(counts) {
            let mut guard = self.lock();
            if guard.broken.is_some() {
                // Of a run that broke off nothing more is told. What is left is dropped when the lock is free.
                drop(guard);
                return false;
            }
            let events = entries.by_ref().take(count).map(|entry| &entry.event);
            let told = guard.tell(events, &mut decided);
            self.carry_out(guard, told, 0, &mut decided);
            turn.work.append(&mut decided.work);
        }
        let mut guard = self.lock();
        guard.writing = false;
        let more = !guard.held.is_empty();
        drop(guard);
        self.room.notify_all();
        more
    }
}
