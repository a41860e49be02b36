//! The list of runs: `instance.db`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use orch_core::ids::RunId;
use orch_core::storage::{RunQuery, RunRecord, StorageError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::schema::{INSTANCE, Opened};
use crate::{Durability, error, write};

/// What the list says outlives a loss of power in any case: a run whose line is lost is not found, whatever there is of it.
const DURABILITY: Durability = Durability::Full;

/// The list, open. Reading it never waits for a writer.
#[derive(Debug)]
pub(crate) struct List {
    path: PathBuf,
    reader: Mutex<Connection>,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    /// Opened when it is first needed: whoever looks at runs alone has no use for it.
    connection: Option<Connection>,
    lock: File,
}

/// The list, while no other process and no other thread writes it.
pub(crate) struct Locked<'a> {
    path: &'a Path,
    writer: MutexGuard<'a, Writer>,
}

impl List {
    /// Opens the list in this folder, or makes it of the runs that are `found`, all of them or none.
    pub(crate) fn open(
        home: &Path,
        found: impl FnOnce() -> Result<Vec<RunRecord>, StorageError>,
    ) -> Result<Self, StorageError> {
        let path = home.join("instance.db");
        let at = home.join("instance.lock");
        let lock =
            write::lockable(&at, "instance.lock").map_err(|error| error::machine(&at, "locked", &error))?;
        let writer = Mutex::new(Writer { connection: None, lock });
        let opened = if path.exists() { INSTANCE.read(&path)? } else { Opened::Empty };
        if !matches!(opened, Opened::Whole(_)) {
            // Two programs may begin at once, and one of them makes the list.
            let mut list = Locked::wait(&path, &writer)?;
            // One that is empty was left by a program that died while it made it.
            let none = !path.exists() || matches!(INSTANCE.read(&path)?, Opened::Empty);
            let runs = if none { found()? } else { Vec::new() };
            let made = INSTANCE.open_filled(&path, DURABILITY, |writing| {
                // What they have come to is found out when they are listed.
                runs.iter().try_for_each(|run| put(writing, run, false).map(drop))
            })?;
            list.writer.connection = Some(made);
        }
        let reader = match opened {
            Opened::Whole(reader) => reader,
            Opened::Older | Opened::Empty => INSTANCE.read(&path)?.whole(&path)?,
        };
        Ok(Self { path, reader: Mutex::new(reader), writer })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many runs there are.
    pub(crate) fn count(&self) -> Result<u64, StorageError> {
        let count =
            |list: &Connection| list.query_row("SELECT count(*) FROM run", [], |row| row.get::<_, i64>(0));
        self.read(count).map(i64::unsigned_abs)
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        read(&taken(&self.reader)).map_err(|error| error::database(&self.path, "read", &error))
    }

    /// Waits until nobody writes the list, and keeps others from it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, StorageError> {
        Locked::wait(&self.path, &self.writer)
    }

    /// The lines of the runs that are asked for, the newest first, as the list has them.
    pub(crate) fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        let mut conditions = String::from("1");
        let mut values: Vec<Value> = Vec::new();
        if let Some(job) = &query.job {
            conditions += " AND job = ?";
            values.push(job.clone().into());
        }
        if !query.status.is_empty() {
            let marks = vec!["?"; query.status.len()].join(", ");
            conditions += &format!(" AND status IN ({marks})");
            values.extend(query.status.iter().map(|status| status.name().to_owned().into()));
        }
        if let Some(since) = query.since {
            conditions += " AND created >= ?";
            values.push(nanoseconds(since).into());
        }
        for (key, value) in &query.tags {
            conditions +=
                " AND EXISTS (SELECT 1 FROM json_each(record, '$.tags') WHERE key = ? AND value = ?)";
            values.extend([key.clone().into(), value.clone().into()]);
        }
        self.select(&conditions, values, query.limit)
    }

    /// The lines of the runs whose identifiers begin so.
    pub(crate) fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError> {
        let Some(prefix) = dashed(prefix) else { return Ok(Vec::new()) };
        // After the digits and dashes of an identifier comes `g`.
        let beyond = format!("{prefix}g");
        self.select("id >= ? AND id < ?", vec![prefix.into(), beyond.into()], Some(limit))
    }

    fn select(
        &self,
        conditions: &str,
        mut values: Vec<Value>,
        limit: Option<usize>,
    ) -> Result<Vec<RunRecord>, StorageError> {
        values.push(limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1).into());
        let order = "ORDER BY created DESC, id DESC LIMIT ?";
        let sql = format!("SELECT record FROM run WHERE {conditions} {order}");
        let read: Vec<String> = self.read(|list| {
            list.prepare_cached(&sql)?.query_map(params_from_iter(values), |row| row.get(0))?.collect()
        })?;
        read.iter().map(|json| self.record(json)).collect()
    }

    /// The line of a run, as the list has it.
    pub(crate) fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        let sql = "SELECT record FROM run WHERE id = ?1";
        let json: Option<String> = self.read(|list| {
            list.prepare_cached(sql)?.query_row([run.to_string()], |row| row.get(0)).optional()
        })?;
        self.record(&json.ok_or_else(|| StorageError::no_run(run))?)
    }

    /// The runs of which the list may say less than their events.
    pub(crate) fn unsettled(&self) -> Result<Vec<RunRecord>, StorageError> {
        self.select("settled = 0", Vec::new(), None)
    }

    fn record(&self, json: &str) -> Result<RunRecord, StorageError> {
        serde_json::from_str(json).map_err(|error| error::corrupt(&self.path, error))
    }
}

impl<'a> Locked<'a> {
    fn wait(path: &'a Path, writer: &'a Mutex<Writer>) -> Result<Self, StorageError> {
        let writer = taken(writer);
        writer.lock.lock().map_err(|error| error::machine(path, "locked", &error))?;
        Ok(Self { path, writer })
    }

    fn connection(&mut self) -> Result<&Connection, StorageError> {
        let connection = match self.writer.connection.take() {
            Some(connection) => connection,
            None => INSTANCE.open(self.path, DURABILITY, |_| Ok(()))?,
        };
        Ok(self.writer.connection.insert(connection))
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
        let connection = self.connection()?;
        let is = || connection.prepare_cached(sql)?.exists([run.to_string()]);
        is().map_err(|error| error::database(self.path, "read", &error))
    }

    /// Puts a run into the list, or another line in the place of its own. One that is under way and held is not settled:
    /// whoever holds it may die before the list says how it ended.
    pub(crate) fn put(&mut self, run: &RunRecord, settled: bool) -> Result<(), StorageError> {
        self.commit("list.put", |writing| put(writing, run, settled))
    }

    /// Says that a run is held again.
    pub(crate) fn unsettle(&mut self, run: RunId) -> Result<(), StorageError> {
        let sql = "UPDATE run SET settled = 0 WHERE id = ?1";
        self.commit("list.unsettle", |writing| writing.run(sql, [run.to_string()]))
    }

    /// Takes a run out of the list, if it is there, and says that its folder may go, whatever is in it.
    pub(crate) fn delete(&mut self, run: RunId) -> Result<(), StorageError> {
        let id = run.to_string();
        self.commit("list.delete", |writing| {
            writing.run("INSERT OR IGNORE INTO removed (id) VALUES (?1)", [&id])?;
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
        written.map(drop).map_err(|error| error::database(self.path, "written", &error))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // If this fails, the lock goes with the file.
        let _ = self.writer.lock.unlock();
    }
}

fn put(writing: &write::Writing<'_>, run: &RunRecord, settled: bool) -> rusqlite::Result<usize> {
    let record = serde_json::to_string(run)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT INTO run (id, job, status, created, settled, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (id) DO UPDATE SET job = ?2, status = ?3, created = ?4, settled = ?5, record = ?6";
    let (id, status, created) = (run.id.to_string(), run.status.name(), nanoseconds(run.created));
    writing.run("DELETE FROM removed WHERE id = ?1", [&id])?;
    writing.run(sql, (&id, &run.job, status, created, settled || run.status.is_terminal(), &record))
}

/// SQLite rolls back what a panic has interrupted.
fn taken<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A time as the databases have it; one before 1678 or after 2261 as the first or last there is.
pub(crate) fn nanoseconds(time: jiff::Timestamp) -> i64 {
    let most = if time.as_nanosecond() < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(time.as_nanosecond()).unwrap_or(most)
}

/// The beginning of an identifier with its dashes, in small letters; none if no identifier begins so.
fn dashed(prefix: &str) -> Option<String> {
    let mut dashed = String::new();
    for c in prefix.chars().filter(|c| *c != '-') {
        if matches!(dashed.len(), 8 | 13 | 18 | 23) {
            dashed.push('-');
        }
        dashed.push(c.is_ascii_hexdigit().then(|| c.to_ascii_lowercase())?);
    }
    (dashed.len() <= 36).then_some(dashed)
}

#[cfg(test)]
mod tests {
    use crate::{Durability, Folder};

    #[test]
    fn a_line_waits_for_the_disk_whatever_runs_do() {
        let home = std::env::temp_dir().join(format!("orch-listed-{}", std::process::id()));
        for durability in [Durability::Normal, Durability::Full] {
            let folder = Folder::open(&home, durability).expect("a folder");
            let mut list = folder.list().lock().expect("nobody has it");
            let connection = list.connection().expect("it can be written");
            let level = connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0));
            let level = level.expect("a level");
            assert_eq!(level, Durability::Full.synchronous(), "{durability}");
        }
        std::fs::remove_dir_all(home).expect("the folder goes");
    }
}
