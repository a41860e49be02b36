use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use orch_core::event::{Entry, EventKind, Journal, Taken};
use orch_core::failure::Failure;
use orch_core::ids::{RunId, StepPath};
use orch_core::storage::{Row, RunRecord, StorageError, WriteEvents};
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::extent::Extent;
use super::rows::Rows;
use crate::facts::OfRun;
use crate::folder::Folder;
use crate::list::{CHECKPOINT, nanoseconds};
use crate::lock::Hold;
use crate::schema::RUN;
use crate::sum::{Columns, Line};
use crate::write::{Checkpoint, Prepared};
use crate::{Durability, error, write};

const LOG: &str = "INSERT INTO log (number, time, step, attempt, level, target, message, fields, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// So many events take several times as long to commit as it takes to wake the thread that does it.
const MANY: usize = 128;

/// The log of a run, to be written by the one who holds it.
#[derive(Debug)]
pub(crate) struct Writer {
    // Closed before the hold is given up: closing tidies up, and that is writing.
    connection: Connection,
    path: PathBuf,
    /// How much there is, and how much of it is written down.
    extent: Extent,
    sealed: Extent,
    /// How many pages the write-ahead log has.
    pages: Arc<AtomicI32>,
    row: Row,
    run: RunId,
    folder: Folder,
    /// After the event of this number facts may be missing beside the list, if some could not be put there.
    missing: Option<u64>,
    /// Whether facts were told that may not be put yet.
    has_told: bool,
    _hold: Hold,
}

impl Writer {
    /// Opens the log of a run.
    pub(crate) fn open(folder: &Folder, hold: Hold, run: RunId) -> Result<Self, StorageError> {
        let path = super::path(&folder.run_folder(run));
        let writer = Self::make(folder, hold, run, |_| Err(error::corrupt(&path, "there is nothing in it")))?;
        // What comes next is written behind it.
        folder.reader(run)?.ends_with(writer.extent.last)?;
        Ok(writer)
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
        let sealed = Extent::sealed(&connection, &path)?;
        let extent = Extent::of(&connection, &path)?;
        let pages = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&pages);
        // In place of SQLite's own hook, which brings it into the database within a commit.
        let hook = move |_: &mut Wal, pages| {
            told.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).map_err(cannot)?;
        Ok(Self {
            connection,
            path,
            extent,
            sealed,
            pages,
            row: Row::default(),
            run,
            folder: folder.clone(),
            missing: None,
            has_told: false,
            _hold: hold,
        })
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

    /// What the list says of a run that is over outlives a loss of power; so must the log, which says it too.
    fn is_to_last(&self, run: &RunRecord) -> Result<(), StorageError> {
        if !run.status.is_terminal() || self.folder.durability() == Durability::Full {
            return Ok(());
        }
        let synced = write::sync_log(&self.connection, &self.path, "run.end");
        synced.map_err(|error| error::database(&self.path, "written", &error))
    }

    /// Brings the write-ahead log into the database, where it is guarded by what is written down of it.
    fn bring(&mut self, how: Checkpoint, name: &str) -> rusqlite::Result<()> {
        if self.sealed != self.extent {
            let extent = self.extent;
            write::transaction(&self.connection, "run.seal", |writing| extent.seal(writing))?;
            self.sealed = extent;
        }
        write::checkpoint(&self.connection, how, name)
    }
}

/// What the log tells of assets and memoized steps.
impl Writer {
    /// Sees to it that all of it, and nothing else, is beside the list. If that cannot be done now, it is done later.
    pub(crate) fn tell_anew(&mut self) {
        let told = self.facts_after(0);
        let told = told.and_then(|told| self.folder.list().lock()?.replace_facts(self.run, &told));
        self.missing = told.is_err().then_some(0);
    }

    /// Has put beside the list what these entries tell, which come after the event of this number.
    fn tell(&mut self, entries: &[Entry], before: u64) {
        let tells = |entry: &Entry| {
            use EventKind::{
                AssetCheckEvaluation, AssetFailedToMaterialize, AssetMaterialization, AssetObservation,
                OpRecipe, StepMemoized,
            };
            matches!(
                entry.event.kind,
                AssetMaterialization { .. }
                    | AssetFailedToMaterialize { .. }
                    | AssetObservation { .. }
                    | AssetCheckEvaluation { .. }
                    | OpRecipe { .. }
                    | StepMemoized { taken: Taken::Assets(_), .. }
            )
        };
        if entries.iter().any(tells) {
            self.has_told = true;
            self.folder.teller().tell(self.run, OfRun::of_entries(entries, before));
        }
    }

    /// Waits until what was told is beside the list, or is known to be missing. Whoever has the list must not.
    fn await_told(&mut self) {
        if std::mem::take(&mut self.has_told) {
            let missing = self.folder.teller().take_missing(self.run);
            self.missing = self.missing.or(missing);
        }
    }

    fn facts_after(&self, event: u64) -> Result<OfRun, StorageError> {
        self.folder.reader(self.run)?.facts(event, self.extent.last.unsigned_abs())
    }
}

impl Drop for Writer {
    /// What was committed is to lie in the database itself, where damage is found, also if someone still reads it. Facts of
    /// a run that nobody holds are put by others.
    fn drop(&mut self) {
        self.await_told();
        let _ = self.bring(Checkpoint::Truncate, "run.checkpoint");
    }
}

impl Journal for Writer {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        if self.is_due() {
            // If a reader is in the way, or the disk is full, it is tried again with the next commit.
            let _ = self.bring(Checkpoint::Passive, "journal.checkpoint");
        }
        let (row, mut extent) = (&mut self.row, self.extent);
        let written = write::transaction(&self.connection, "journal.commit", |writing| {
            let is_event = |entry: &&Entry| !matches!(entry.event.kind, EventKind::Log { .. });
            let mut events = Rows::new(entries.iter().filter(is_event).count());
            let mut logs: Option<Prepared<'_>> = None;
            let mut step = Step::default();
            for Entry { event, value } in entries {
                extent.last += 1;
                let number = extent.last;
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
                    extent.count(kind);
                    let value = value.as_ref().map(|value| value.bytes());
                    let attempt = event.attempt;
                    events.insert(writing, &Columns { number, time, step, attempt, kind, fields, value })?;
                }
            }
            Ok(())
        });
        match written {
            Ok(()) => {
                let before = std::mem::replace(&mut self.extent, extent);
                self.tell(entries, before.last.unsigned_abs());
                self.is_there(entries)
            }
            Err(NotWritten::Database(error)) => {
                Err(error::database(&self.path, "written", &error).into_failure())
            }
            Err(NotWritten::Event(failure)) => Err(failure),
        }
    }

    /// With [`Durability::Normal`] a commit is handed to the system, and only what brings many of them into the database
    /// waits for the disk. A large one takes its time all the same.
    fn blocks_from(&self) -> usize {
        if self.folder.durability() == Durability::Full || self.is_due() { 0 } else { MANY }
    }
}

impl WriteEvents for Writer {
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure> {
        self.await_told();
        self.is_to_last(run).map_err(StorageError::into_failure)?;
        let put = || {
            let missing = self.missing.map(|after| self.facts_after(after)).transpose()?;
            let mut list = self.folder.list().lock()?;
            match missing {
                Some(told) => list.settle(run, false, &told),
                None => list.put(run, false),
            }
        };
        put().map_err(StorageError::into_failure)?;
        self.missing = None;
        Ok(())
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
