use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use super::{Dispatcher, Turn};
use crate::event::{Entry, Journal};
use crate::failure::{Failure, panic_message};
use crate::plan::Program;

/// Where the events of the run are written before anything follows from them.
///
/// What the state decides is held, in the order of the decisions. Whoever has nothing else to do writes: all that is
/// held goes into the journal as one commit, is told and carried out, and then what was decided meanwhile, until nothing
/// is held. So there is one commit at a time, each has what queued while the one before it ran, and nobody waits for a
/// tick. A chain is written by the thread that runs it; the events of a fan-out come together by themselves.
///
/// A journal that waits for a disk is written by a thread of its own, which sleeps until something is held: those that
/// poll async code must not wait so long.
pub(super) struct Writer {
    journal: Mutex<Option<Box<dyn Journal>>>,
    /// None if whoever reports writes.
    wake: Option<SyncSender<()>>,
    /// Steps that do not run are written as little as they are told; none if there are none.
    given: Option<Arc<Program>>,
}

impl Writer {
    pub(super) fn new(
        journal: Box<dyn Journal>,
        given: Option<Arc<Program>>,
    ) -> (Self, Option<Receiver<()>>) {
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
    pub(super) fn start_writing(self: &Arc<Self>, woken: Receiver<()>) -> io::Result<()> {
        let dispatcher = Arc::downgrade(self);
        let write = move || {
            let mut turn = Turn::default();
            while let (Ok(()), Some(dispatcher)) = (woken.recv(), dispatcher.upgrade()) {
                dispatcher.write(&mut turn);
                turn.work.drain(..).for_each(|work| dispatcher.executor.start(work, &dispatcher));
            }
        };
        thread::Builder::new().name("orch journal".to_owned()).spawn(write).map(drop)
    }

    /// Something is held. It is written now, unless the caller has other work in hand.
    pub(super) fn written(self: &Arc<Self>, turn: &mut Turn) {
        match self.writer.as_ref().and_then(|writer| writer.wake.as_ref()) {
            // If it has been woken already, it will see this too.
            Some(wake) => drop(wake.try_send(())),
            None if turn.work.is_empty() => self.write(turn),
            None => {}
        }
    }

    /// Writes what is held, for a caller that is going to do something else. The work that follows is added to the turn's.
    pub(crate) fn flush(self: &Arc<Self>, turn: &mut Turn) {
        if self.writer.as_ref().is_some_and(|writer| writer.wake.is_none()) {
            self.write(turn);
        }
    }

    /// The journal, when the run is over and nothing will be written any more.
    pub(crate) fn take_journal(&self) -> Option<Box<dyn Journal>> {
        let journal = &self.writer.as_ref()?.journal;
        journal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes, tells and carries out what is held, unless someone is at it, who will see to this too.
    fn write(self: &Arc<Self>, turn: &mut Turn) {
        let Some(writer) = &self.writer else { return };
        let mut writing = false;
        loop {
            let mut guard = self.lock();
            if guard.writing && !writing {
                return;
            }
            let mut held = std::mem::take(&mut guard.held);
            guard.writing = !held.is_empty() && guard.broken.is_none();
            // What a broken run still held is dropped when the lock is free, since its `Drop` is the user's.
            let goes_on = guard.writing;
            drop(guard);
            if !goes_on {
                return;
            }
            if writing {
                // What has been released meanwhile is not to wait until nothing comes any more.
                turn.work.drain(..).for_each(|work| self.executor.start(work, self));
            }
            writing = true;
            let (entries, counts) = writer.entries(&mut held);
            if let Err(failure) = writer.commit(&entries) {
                let message = format!("what happens cannot be recorded any more: {failure}");
                return self.break_off(self.lock(), message);
            }
            let mut entries = entries.iter();
            for (mut decided, count) in held.into_iter().zip(counts) {
                let mut guard = self.lock();
                if guard.broken.is_some() {
                    return;
                }
                let events = entries.by_ref().take(count).map(|entry| &entry.event);
                let told = guard.tell(events, &mut decided);
                self.carry_out(guard, told, 0, &mut decided);
                turn.work.append(&mut decided.work);
            }
        }
    }
}
