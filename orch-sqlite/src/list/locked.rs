use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use orch_core::asset::AssetKey;
use orch_core::ids::RunId;
use orch_core::partition::Keyspace;
use orch_core::storage::{RunRecord, StorageError};
use rusqlite::Connection;

use super::turn::Turn;
use super::{CHECKPOINT, DURABILITY, Writer, line, nanoseconds, taken};
use crate::facts::{self, KeptStatus, OfRun};
use crate::schema::INSTANCE;
use crate::write::Checkpoint;
use crate::{Durability, error, write};

/// After which who only looks tries again whether another thread has done with the list.
const MOMENT: Duration = Duration::from_millis(1);

/// The list, while no other process and no other thread writes it.
pub(crate) struct Locked<'a> {
    pub(super) path: &'a Path,
    pub(super) writer: MutexGuard<'a, Writer>,
    /// None where nothing can be written: whoever only looks needs none there.
    turn: Option<&'a Turn>,
}

impl<'a> Locked<'a> {
    pub(super) fn wait(
        path: &'a Path,
        turn: Option<&'a Turn>,
        writer: &'a Mutex<Writer>,
    ) -> Result<Self, StorageError> {
        let since = Instant::now();
        let writer = taken(writer);
        if let Some(turn) = turn {
            turn.wait(since)?;
        }
        Ok(Self { path, writer, turn })
    }

    pub(super) fn wait_to_look(
        path: &'a Path,
        turn: Option<&'a Turn>,
        writer: &'a Mutex<Writer>,
    ) -> Result<Result<Self, StorageError>, StorageError> {
        let since = Instant::now();
        let writer = loop {
            match writer.try_lock() {
                Ok(writer) => break writer,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
            // Another thread may be waiting for its turn, for longer than who only looks would.
            if let Some(turn) = turn.filter(|turn| turn.is_long(since)) {
                return Ok(Err(turn.kept()));
            }
            thread::sleep(MOMENT);
        };
        if let Some(turn) = turn
            && !turn.wait_to_look(since)?
        {
            return Ok(Err(turn.kept()));
        }
        Ok(Ok(Self { path, writer, turn }))
    }

    pub(super) fn connection(&mut self) -> Result<&Connection, StorageError> {
        let connection = match self.writer.connection.take() {
            Some(connection) => connection,
            None if self.turn.is_none() => INSTANCE.read(self.path)?.whole(self.path)?,
            None => self.open(DURABILITY)?,
        };
        Ok(self.writer.connection.insert(connection))
    }

    /// The connection for facts. What it commits the disk has with the next line of the list, or when it is brought into
    /// the database, and that it leaves to whoever may wait.
    fn facts(&mut self) -> Result<&Connection, StorageError> {
        let connection = match self.writer.facts.take() {
            Some(connection) => connection,
            None => self.open(Durability::Normal)?,
        };
        Ok(self.writer.facts.insert(connection))
    }

    /// Opens the list to be written. When its log is brought into the database is known here, and not left to SQLite,
    /// which would not tell if the disk has refused it.
    fn open(&self, durability: Durability) -> Result<Connection, StorageError> {
        let mut connection = INSTANCE.open(self.path, durability, |_| Ok(()))?;
        self.writer.count(&mut connection).map_err(|error| error::database(self.path, "opened", &error))?;
        Ok(connection)
    }

    /// Puts facts of runs under way. They last when the disk has the line of the run; until then they can be taken from
    /// its log.
    pub(crate) fn put_facts<'f>(
        &mut self,
        mut told: impl Iterator<Item = &'f OfRun>,
    ) -> Result<(), StorageError> {
        let path = self.path;
        let put = |writing: &write::Writing<'_>| told.try_for_each(|told| facts::put(writing, told));
        let put = write::transaction(self.facts()?, "facts.put", put);
        put.map_err(|error| error::database(path, "written", &error))
    }

    /// Puts the facts of a run under way in the place of those that are there.
    pub(crate) fn replace_facts(&mut self, run: RunId, told: &OfRun) -> Result<(), StorageError> {
        let path = self.path;
        let replace = |writing: &write::Writing<'_>| facts::replace(writing, run, told);
        let replaced = write::transaction(self.facts()?, "facts.replace", replace);
        replaced.map_err(|error| error::database(path, "written", &error))
    }

    /// Keeps which partitions of an asset were found to be materialized. It need not last: facts say the same.
    pub(crate) fn keep_status(
        &mut self,
        asset: &AssetKey,
        partitions: &Keyspace,
        found: &KeptStatus,
    ) -> Result<(), StorageError> {
        let path = self.path;
        let keep = |writing: &write::Writing<'_>| facts::keep_status(writing, asset, partitions, found);
        let kept = write::transaction(self.facts()?, "status.keep", keep);
        kept.map_err(|error| error::database(path, "written", &error))
    }

    /// Brings the write-ahead log into the database.
    pub(crate) fn checkpoint(&mut self) -> Result<(), StorageError> {
        let path = self.path;
        let brought = write::checkpoint(self.facts()?, Checkpoint::Passive, "facts.checkpoint");
        brought.map_err(|error| error::database(path, "written", &error))
    }

    /// Whether the run is in the list.
    pub(crate) fn has(&mut self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM run WHERE id = ?1")
    }

    /// Whether the list may say less of the run than its events.
    pub(crate) fn is_unsettled(&mut self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM run WHERE id = ?1 AND settled = 0")
    }

    /// Whether a run of the list was made from this one.
    pub(crate) fn has_children(&mut self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM run WHERE record ->> '$.parent' = ?1")
    }

    fn is(&mut self, run: RunId, sql: &str) -> Result<bool, StorageError> {
        let path = self.path;
        let is = |connection: &Connection| {
            let is = connection.prepare_cached(sql).and_then(|mut sql| sql.exists([run.to_string()]));
            is.map_err(|error| error::database(path, "read", &error))
        };
        match self.connection() {
            Ok(connection) => is(connection),
            // On a full disk it can be read all the same.
            Err(refused) => match INSTANCE.read(path).and_then(|list| list.whole(path)) {
                Ok(reader) => is(&reader),
                Err(_) => Err(refused),
            },
        }
    }

    /// Puts a run into the list, or another line in the place of its own. One that is under way and held is not settled:
    /// whoever holds it may die before the list says how it ended.
    pub(crate) fn put(&mut self, run: &RunRecord, settled: bool) -> Result<(), StorageError> {
        self.commit("list.put", |writing| put(writing, run, settled))
    }

    /// The same, with the facts that its log tells in the place of those that are there: both of it or nothing.
    pub(crate) fn settle(
        &mut self,
        run: &RunRecord,
        settled: bool,
        told: &OfRun,
    ) -> Result<(), StorageError> {
        self.commit("list.settle", |writing| {
            facts::replace(writing, run.id, told)?;
            put(writing, run, settled)
        })
    }

    /// Says of these facts that their values do not lie here any more.
    pub(crate) fn clear_facts(&mut self, facts: &HashSet<i64>) -> Result<(), StorageError> {
        self.commit("facts.clear", |writing| facts::clear(writing, facts))
    }

    /// Says that a run is held again.
    pub(crate) fn unsettle(&mut self, run: RunId) -> Result<(), StorageError> {
        let sql = "UPDATE run SET settled = 0 WHERE id = ?1";
        self.commit("list.unsettle", |writing| writing.run(sql, [run.to_string()]))
    }

    /// Takes a run out of the list, if it is there, and says that its folder may go, whatever is in it. Its facts stay.
    pub(crate) fn delete(&mut self, run: RunId) -> Result<(), StorageError> {
        let id = run.to_string();
        self.commit("list.delete", |writing| {
            writing.run("INSERT OR IGNORE INTO removed (id) VALUES (?1)", [&id])?;
            facts::leave(writing, &id)?;
            writing.run("DELETE FROM run WHERE id = ?1", [&id])
        })
    }

    /// Whether this was a run, and is one no more.
    pub(crate) fn is_removed(&mut self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM removed WHERE id = ?1")
    }

    /// Forgets a run that was removed, when its folder is gone.
    pub(crate) fn forget(&mut self, run: RunId) -> Result<(), StorageError> {
        let sql = "DELETE FROM removed WHERE id = ?1";
        self.commit("list.forget", |writing| writing.run(sql, [run.to_string()]))
    }

    fn commit(
        &mut self,
        name: &str,
        write: impl FnOnce(&write::Writing<'_>) -> rusqlite::Result<usize>,
    ) -> Result<(), StorageError> {
        let written = write::transaction(self.connection()?, name, write);
        written.map(drop).map_err(|error| error::database(self.path, "written", &error))?;
        if self.writer.pages.load(Ordering::Relaxed) >= CHECKPOINT {
            // If a reader is in the way, or the disk is full, it is tried again the next time.
            let _ = write::checkpoint(self.connection()?, Checkpoint::Passive, "list.checkpoint");
        }
        Ok(())
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn {
            turn.end();
        }
    }
}

/// Puts a run into the list, or another line in the place of its own.
pub(super) fn put(writing: &write::Writing<'_>, run: &RunRecord, settled: bool) -> rusqlite::Result<usize> {
    let record = serde_json::to_string(run)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT INTO run (id, job, status, created, settled, record, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (id) DO UPDATE SET job = ?2, status = ?3, created = ?4, settled = ?5, record = ?6, sum = ?7";
    let (id, status, created) = (run.id.to_string(), run.status.name(), nanoseconds(run.created));
    let sum = line::Columns { id: &id, job: &run.job, status, created, record: &record }.sum();
    writing.run("DELETE FROM removed WHERE id = ?1", [&id])?;
    writing.run(sql, (&id, &run.job, status, created, settled || run.status.is_terminal(), &record, sum))
}
