use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::{panic, thread};

use orch_core::event::Logged;
use orch_core::storage::StorageError;

use super::{Known, Reader, columns, number};
use crate::error;
use crate::schema::RUN;

/// Without an end: where a number has changed, rows that are to come would be beyond it, unread.
const HISTORY: &str = "SELECT number, time, step, attempt, fields, kind, sum, value FROM event
    WHERE number > ?1 ORDER BY number";

/// What whoever takes the run up again need not know.
const INPUT: &str = "STEP_INPUT";

/// So many numbers are read at once. A shorter log is read before a second thread has begun.
const STRETCH: u64 = 4096;

type Each<'a> = &'a mut dyn FnMut(Logged, Option<&[u8]>);
type Stretch = Vec<(Logged, Option<Box<[u8]>>)>;

/// Up to which number a log is read, and up to which it was written down how much there is.
#[derive(Clone, Copy)]
struct Log {
    last: u64,
    sealed: i64,
}

impl Reader {
    /// Calls `each` for the events that resuming needs, up to the last there is. To read one takes longer than whatever
    /// follows from it, so a long log is read by two: while one of them hands on a stretch, the other reads the next.
    pub(super) fn whole_history(&self, each: Each<'_>) -> Result<(), StorageError> {
        let sealed = self.sealed()?;
        let log = Log { last: self.last_event()?, sealed: sealed.last };
        sealed.has_all(&self.path, sealed.events, self.stretches(log, each)?)
    }

    /// Reads all stretches; gives how many of the events were written down.
    fn stretches(&self, log: Log, each: Each<'_>) -> Result<i64, StorageError> {
        let other = if log.last > STRETCH { self.beside() } else { None };
        let Some(other) = other else { return self.stretch(log, 0, log.last, &mut Known::default(), each) };
        thread::scope(|scope| {
            let (sender, stretches) = sync_channel(1);
            let ahead = move || other.every_second(log, &sender);
            let Ok(ahead) = thread::Builder::new().name("orch reads ahead".into()).spawn_scoped(scope, ahead)
            else {
                // A machine that has no thread left.
                return self.stretch(log, 0, log.last, &mut Known::default(), each);
            };
            let (mut known, mut sealed) = (Known::default(), 0);
            for after in (0..log.last).step_by(2 * STRETCH as usize) {
                sealed += self.stretch(log, after, log.last.min(after + STRETCH), &mut known, each)?;
                // None if there is no further one, or it could not be read, which is told below.
                let Ok(next) = stretches.recv() else { break };
                for (logged, value) in next {
                    each(logged, value.as_deref());
                }
            }
            let ahead = ahead.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
            ahead.map(|ahead| sealed + ahead)
        })
    }

    /// Reads the second stretch, the fourth, and so on, until nobody takes them any more.
    fn every_second(&self, log: Log, stretches: &SyncSender<Stretch>) -> Result<i64, StorageError> {
        let (mut known, mut sealed) = (Known::default(), 0);
        for after in (STRETCH..log.last).step_by(2 * STRETCH as usize) {
            let mut stretch = Stretch::with_capacity(STRETCH as usize);
            sealed +=
                self.stretch(log, after, log.last.min(after + STRETCH), &mut known, &mut |logged, value| {
                    stretch.push((logged, value.map(Box::from)));
                })?;
            if stretches.send(stretch).is_err() {
                break;
            }
        }
        Ok(sealed)
    }

    /// The events after the one of a number, up to that of another; gives how many of them were written down.
    fn stretch(
        &self,
        log: Log,
        after: u64,
        to: u64,
        known: &mut Known,
        each: Each<'_>,
    ) -> Result<i64, StorageError> {
        let (mut read, mut sealed) = (after, 0);
        self.rows(HISTORY, [number(after)], &mut |row| {
            let kind = row.get_ref(5)?.as_str()?;
            let told = if kind == INPUT { None } else { Some(self.logged(row, known)?) };
            // The sum of the row is looked at before it is believed which it is.
            let number = match &told {
                Some((logged, _)) => logged.number,
                None => columns(row, kind)?.number.unsigned_abs(),
            };
            if number > to {
                read = to;
                return Ok(ControlFlow::Break(()));
            }
            read = number;
            sealed += i64::from(number <= log.sealed.unsigned_abs());
            if let Some((logged, value)) = told {
                each(logged, value);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if read < to {
            let why = format!("it breaks off after event {read}, and the last is event {}", log.last);
            return Err(error::corrupt(&self.path, why));
        }
        Ok(sealed)
    }

    /// Another reader of the same log, for another thread; none if the file cannot be opened once more, be it that it was
    /// removed while this one has it.
    fn beside(&self) -> Option<Self> {
        let path = self.path.clone();
        let connection = RUN.read(&path).and_then(|opened| opened.whole(&path)).ok()?;
        Some(Self { connection, path, run: self.run })
    }
}
