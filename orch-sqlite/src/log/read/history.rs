use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::{panic, thread};

use orch_core::event::Logged;
use orch_core::storage::StorageError;

use super::{Known, Reader, number};
use crate::schema::RUN;

/// Those of all that whoever takes the run up again needs to know.
const HISTORY: &str = "SELECT number, time, step, attempt, fields, kind, sum, value FROM event
    WHERE number > ?1 AND number <= ?2 AND kind <> 'STEP_INPUT' ORDER BY number";

/// So many numbers are read at once. A shorter log is read before a second thread has begun.
const STRETCH: u64 = 4096;

type Each<'a> = &'a mut dyn FnMut(Logged, Option<&[u8]>);
type Stretch = Vec<(Logged, Option<Box<[u8]>>)>;

impl Reader {
    /// Calls `each` for the events that resuming needs, up to the last there is. To read one takes longer than whatever
    /// follows from it, so a long log is read by two: while one of them hands on a stretch, the other reads the next.
    pub(super) fn whole_history(&self, each: Each<'_>) -> Result<(), StorageError> {
        let last = self.last_event()?;
        let other = if last > STRETCH { self.beside() } else { None };
        let Some(other) = other else { return self.stretch(0, last, &mut Known::default(), each) };
        thread::scope(|scope| {
            let (sender, stretches) = sync_channel(1);
            let ahead = move || other.every_second(last, &sender);
            let Ok(ahead) = thread::Builder::new().name("orch reads ahead".into()).spawn_scoped(scope, ahead)
            else {
                // A machine that has no thread left.
                return self.stretch(0, last, &mut Known::default(), each);
            };
            let mut known = Known::default();
            for after in (0..last).step_by(2 * STRETCH as usize) {
                self.stretch(after, last.min(after + STRETCH), &mut known, each)?;
                // None if there is no further one, or it could not be read, which is told below.
                let Ok(next) = stretches.recv() else { break };
                for (logged, value) in next {
                    each(logged, value.as_deref());
                }
            }
            ahead.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
        })
    }

    /// Reads the second stretch, the fourth, and so on, until nobody takes them any more.
    fn every_second(&self, last: u64, stretches: &SyncSender<Stretch>) -> Result<(), StorageError> {
        let mut known = Known::default();
        for after in (STRETCH..last).step_by(2 * STRETCH as usize) {
            let mut stretch = Stretch::with_capacity(STRETCH as usize);
            self.stretch(after, last.min(after + STRETCH), &mut known, &mut |logged, value| {
                stretch.push((logged, value.map(Box::from)));
            })?;
            if stretches.send(stretch).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// The events after the one of a number, up to that of another.
    fn stretch(&self, after: u64, to: u64, known: &mut Known, each: Each<'_>) -> Result<(), StorageError> {
        self.rows(HISTORY, [number(after), number(to)], &mut |row| {
            let (logged, value) = self.logged(row, known)?;
            each(logged, value);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Another reader of the same log, for another thread; none if the file cannot be opened once more, be it that it was
    /// removed while this one has it.
    fn beside(&self) -> Option<Self> {
        let path = self.path.clone();
        let connection = RUN.read(&path).and_then(|opened| opened.whole(&path)).ok()?;
        Some(Self { connection, path, run: self.run })
    }
}
