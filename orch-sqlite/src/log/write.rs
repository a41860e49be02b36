use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use orch_core::event::{Entry, EventKind, Journal};
use orch_core::failure::Failure;
use orch_core::ids::{RunId, StepPath};
use orch_core::storage::{Row, RunRecord, StorageError, WriteEvents};
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::rows::Rows;
use crate::folder::Folder;
use crate::list::nanoseconds;
use crate::lock::Hold;
use crate::schema::RUN;
use crate::sum::{Columns, Line};
use crate::write::{Checkpoint, Prepared};
use crate::{Durability, error, write};

const LOG: &str = "INSERT INTO log (number, time, step, attempt, level, target, message, fields, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const LAST: &str =
    "SELECT max(coalesce((SELECT max(number) FROM event), 0), coalesce((SELECT max(number) FROM log), 0))";

/// With so many pages the write-ahead log is brought into the database, so that it does not grow; SQLite's own measure.
const CHECKPOINT: i32 = 1000;

/// The log of a run, to be written by the one who holds it.
#[derive(Debug)]
pub(crate) struct Writer {
    // Closed before the hold is given up: closing tidies up, and that is writing.
    connection: Connection,
    path: PathBuf,
    /// The number of the last event.
    last: i64,
    /// How many pages the write-ahead log has.
    pages: Arc<AtomicI32>,
    row: Row,
    folder: Folder,
    _hold: Hold,
}

impl Writer {
    /// Opens the log of a run.
    pub(crate) fn open(folder: &Folder, hold: Hold, run: RunId) -> Result<Self, StorageError> {
        let path = super::path(&folder.run_folder(run));
        Self::make(folder, hold, run, |_| Err(error::corrupt(&path, "there is nothing in it")))
    }

    /// The same, and if there is none it is made and filled.
    pub(crate) fn make(
        folder: &Folder,
        hold: Hold,
        run: RunId,
        fill: impl FnOnce(&Connection) -> Result<(), StorageError>,
    ) -> Result<Self, StorageError> {
        let path = super::path(&folder.run_folder(run));
        let mut connection = RUN.open(&path, folder.durability(), fill)?;
        let cannot = |error: rusqlite::Error| error::database(&path, "opened", &error);
        let last = connection.query_row(LAST, [], |row| row.get(0)).map_err(cannot)?;
        let pages = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&pages);
        // In place of SQLite's own hook, which brings it into the database within a commit.
        let hook = move |_: &mut Wal, pages| {
            told.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).map_err(cannot)?;
        Ok(Self { connection, path, last, pages, row: Row::default(), folder: folder.clone(), _hold: hold })
    }
}

impl Writer {
    /// Whoever removes the folder of a run under way does not hinder it from being written, but of a run that is over something
    /// is to be left.
    fn is_there(&self, entries: &[Entry]) -> Result<(), Failure> {
        if entries.last().is_some_and(|last| last.event.kind.ends_run()) && !self.path.exists() {
            let path = self.path.display();
            return Err(Failure::new(format!("`{path}` was removed while the run was under way")));
        }
        Ok(())
    }

    /// Whether the write-ahead log is to be brought into the database.
    fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= CHECKPOINT
    }
}

impl Drop for Writer {
    /// What was committed is to lie in the database itself, where damage is found, also if someone still reads it.
    fn drop(&mut self) {
        let _ = write::checkpoint(&self.connection, Checkpoint::Truncate, "run.checkpoint");
    }
}

impl Journal for Writer {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        if self.is_due() {
            // If a reader is in the way, or the disk is full, it is tried again with the next commit.
            let _ = write::checkpoint(&self.connection, Checkpoint::Passive, "journal.checkpoint");
        }
        let (row, mut number) = (&mut self.row, self.last);
        let written = write::transaction(&self.connection, "journal.commit", |writing| {
            let is_event = |entry: &&Entry| !matches!(entry.event.kind, EventKind::Log { .. });
            let mut events = Rows::new(entries.iter().filter(is_event).count());
            let mut logs: Option<Prepared<'_>> = None;
            let mut step = Step::default();
            for Entry { event, value } in entries {
                number += 1;
                let step = step.text(event.step.as_ref());
                let time = nanoseconds(event.time);
                if let EventKind::Log { level, target, message, fields, .. } = &event.kind {
                    let fields = if fields.is_empty() { None } else { Some(serde_json::to_string(fields)?) };
                    let (attempt, level, fields) = (event.attempt, *level as u8, fields.as_deref());
                    let sum = Line { number, time, step, attempt, level, target, message, fields }.sum();
                    let log = (number, time, step, attempt, level, &**target, message, fields, sum);
                    match &mut logs {
                        Some(logs) => logs.run(log)?,
                        None => logs.insert(writing.prepare(LOG)?).run(log)?,
                    };
                } else {
                    let (kind, fields) = row.write(&event.kind)?;
                    let value = value.as_ref().map(|value| value.bytes());
                    let attempt = event.attempt;
                    events.insert(writing, &Columns { number, time, step, attempt, kind, fields, value })?;
                }
            }
            Ok(())
        });
        match written {
            Ok(()) => {
                self.last = number;
                self.is_there(entries)
            }
            Err(NotWritten::Database(error)) => {
                Err(error::database(&self.path, "written", &error).into_failure())
            }
            Err(NotWritten::Event(failure)) => Err(failure),
        }
    }

    /// With [`Durability::Normal`] a commit is handed to the system, and only what brings many of them into the database
    /// waits for the disk.
    fn blocks(&self) -> bool {
        self.folder.durability() == Durability::Full || self.is_due()
    }
}

impl WriteEvents for Writer {
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure> {
        let put = self.folder.list().lock().and_then(|mut list| list.put(run, false));
        put.map_err(StorageError::into_failure)
    }
}

/// Why a transaction was not committed.
enum NotWritten {
    Database(rusqlite::Error),
    Event(Failure),
}

impl From<rusqlite::Error> for NotWritten {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for NotWritten {
    fn from(failure: Failure) -> Self {
        Self::Event(failure)
    }
}

impl From<serde_json::Error> for NotWritten {
    fn from(error: serde_json::Error) -> Self {
        Self::Event(error.into())
    }
}

/// The text of a step, kept as long as the events are of the same.
#[derive(Default)]
struct Step<'a> {
    path: Option<&'a StepPath>,
    text: String,
}

impl<'a> Step<'a> {
    fn text(&mut self, path: Option<&'a StepPath>) -> Option<&str> {
        let path = path?;
        if self.path != Some(path) {
            self.path = Some(path);
            self.text.clear();
            // Nothing that is written to a text fails.
            let _ = write!(self.text, "{path}");
        }
        Some(&self.text)
    }
}
