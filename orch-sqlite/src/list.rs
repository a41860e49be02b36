//! The list of runs, and the facts about assets beside it: `instance.db`.

mod line;
mod locked;
mod room;
mod turn;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::event::RunStatus;
use orch_core::ids::RunId;
use orch_core::storage::{RunQuery, RunRecord, StorageError};
use rusqlite::hooks::Wal;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::schema::{INSTANCE, Opened};
use crate::write::Checkpoint;
use crate::{Durability, error, write};

pub(crate) use locked::Locked;
use turn::Turn;
pub use turn::Waiting;

/// What the list says outlives a loss of power in any case: a run whose line is lost is not found, whatever there is of it.
const DURABILITY: Durability = Durability::Full;

/// With so many pages the write-ahead log is brought into the database, so that it does not grow; SQLite's own measure.
pub(crate) const CHECKPOINT: i32 = 1000;

/// The list, open. Reading it never waits for a writer.
#[derive(Debug)]
pub(crate) struct List {
    path: PathBuf,
    reader: Mutex<Connection>,
    writer: Mutex<Writer>,
    /// None where nothing can be written.
    turn: Option<Turn>,
    /// As the writer has it.
    pages: Arc<AtomicI32>,
    /// Why nothing can be written, if that is so.
    read_only: Option<ErrorKind>,
}

#[derive(Debug)]
struct Writer {
    /// Opened when it is first needed: whoever looks at runs alone has no use for it.
    connection: Option<Connection>,
    /// Another one, for facts: what it commits does not wait for the disk.
    facts: Option<Connection>,
    /// How many pages the write-ahead log has had with the last commit.
    pages: Arc<AtomicI32>,
}

impl Writer {
    /// Has the pages of the write-ahead log counted with each commit of this connection, and nothing more done with it.
    fn count(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let counted = Arc::clone(&self.pages);
        let hook = move |_: &mut Wal, pages| {
            counted.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook))
    }
}

impl List {
    /// Opens the list in this folder, or makes it of the runs that are `found`, all of them or none. Who waits for another process
    /// for more than a moment has that told.
    pub(crate) fn open(
        home: &Path,
        waiting: Waiting,
        found: impl FnOnce() -> Result<Vec<RunRecord>, StorageError>,
    ) -> Result<Self, StorageError> {
        let path = home.join("instance.db");
        let at = home.join("instance.lock");
        let (turn, read_only) = match write::lockable(&at, "instance.lock") {
            Ok(file) => (Some(Turn::new(file, &at, waiting)), None),
            // Of a list that is there it can be read what there is.
            Err(error)
                if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
                    && path.exists() =>
            {
                (None, Some(error.kind()))
            }
            Err(error) => return Err(error::machine(&at, "locked", &error)),
        };
        let pages = Arc::new(AtomicI32::new(0));
        let writer = Writer { connection: None, facts: None, pages: Arc::clone(&pages) };
        let writer = Mutex::new(writer);
        let opened = if path.exists() { INSTANCE.read(&path)? } else { Opened::Empty };
        if !matches!(opened, Opened::Whole(_)) {
            if let Some(why) = read_only {
                return Err(error::machine(&at, "locked", &why.into()));
            }
            // Two programs may begin at once, and one of them makes the list.
            let mut list = Locked::wait(&path, turn.as_ref(), &writer)?;
            // One that is empty was left by a program that died while it made it.
            let none = !path.exists() || matches!(INSTANCE.read(&path)?, Opened::Empty);
            let runs = if none { found()? } else { Vec::new() };
            let made = INSTANCE.open_filled(&path, DURABILITY, |writing| {
                runs.iter().try_for_each(|run| locked::put(writing, run, false).map(drop))?;
                // What they have come to, and what they tell of assets, is found out when they are listed.
                writing.run("UPDATE run SET settled = 0", []).map(drop)
            })?;
            let mut made = made;
            list.writer.count(&mut made).map_err(|error| error::database(&path, "opened", &error))?;
            list.writer.connection = Some(made);
        }
        let reader = match opened {
            Opened::Whole(reader) => reader,
            Opened::Older | Opened::Empty => INSTANCE.read(&path)?.whole(&path)?,
        };
        Ok(Self { path, reader: Mutex::new(reader), writer, turn, pages, read_only })
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
        let mut reader = taken(&self.reader);
        // As something that nobody changes: it may have been changed meanwhile.
        if reader.is_readonly("main").is_ok_and(|is_still| is_still) {
            *reader = INSTANCE.read(&self.path)?.whole(&self.path)?;
        }
        read(&reader).map_err(|error| error::database(&self.path, "read", &error))
    }

    /// The same by a connection of its own, for what may take long: nobody waits for it.
    pub(crate) fn read_alone<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        let list = INSTANCE.read(&self.path)?.whole(&self.path)?;
        read(&list).map_err(|error| error::database(&self.path, "read", &error))
    }

    /// Waits until nobody writes the list, and keeps others from it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, StorageError> {
        match self.read_only {
            None => Locked::wait(&self.path, self.turn.as_ref(), &self.writer),
            Some(why) => Err(error::machine(&self.path.with_extension("lock"), "locked", &why.into())),
        }
    }

    /// The same, to look and not to write: where nothing can be written nobody is kept from anything, and where another
    /// process keeps the list for more than a moment there is only the reason.
    pub(crate) fn look(&self) -> Result<Result<Locked<'_>, StorageError>, StorageError> {
        Locked::wait_to_look(&self.path, self.turn.as_ref(), &self.writer)
    }

    /// Whether the run is in the list.
    pub(crate) fn has(&self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM run WHERE id = ?1")
    }

    /// Whether the list may say less of the run than its events.
    pub(crate) fn is_unsettled(&self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM run WHERE id = ?1 AND settled = 0")
    }

    /// Whether this was a run, and is one no more.
    pub(crate) fn is_removed(&self, run: RunId) -> Result<bool, StorageError> {
        self.is(run, "SELECT 1 FROM removed WHERE id = ?1")
    }

    fn is(&self, run: RunId, sql: &str) -> Result<bool, StorageError> {
        self.read(|list| list.prepare_cached(sql)?.exists([run.to_string()]))
    }

    /// Whether the write-ahead log has grown so much that it is to be brought into the database.
    pub(crate) fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= CHECKPOINT
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
        values: Vec<Value>,
        limit: Option<usize>,
    ) -> Result<Vec<RunRecord>, StorageError> {
        let lines = self.lines(conditions, values, limit)?;
        lines.into_iter().map(|line| self.whole(line)).collect()
    }

    fn lines(
        &self,
        conditions: &str,
        mut values: Vec<Value>,
        limit: Option<usize>,
    ) -> Result<Vec<line::Read>, StorageError> {
        values.push(limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1).into());
        self.read(|list| {
            list.prepare_cached(&selects(conditions))?
                .query_map(params_from_iter(values), line::read)?
                .collect()
        })
    }

    /// All lines, and beside them what is wrong with those that are damaged.
    pub(crate) fn runs_and_damage(&self) -> Result<(Vec<RunRecord>, Vec<String>), StorageError> {
        let (mut runs, mut damaged) = (Vec::new(), Vec::new());
        for line in self.lines("1", Vec::new(), None)? {
            match line {
                Ok(run) => runs.push(run),
                Err(why) => damaged.push(why),
            }
        }
        Ok((runs, damaged))
    }

    /// The line of a run, as the list has it.
    pub(crate) fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        let sql = format!("SELECT {} FROM run WHERE id = ?1", line::COLUMNS);
        let line: Option<line::Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_row([run.to_string()], line::read).optional())?;
        self.whole(line.ok_or_else(|| StorageError::no_run(run))?)
    }

    /// The runs that are not over, whoever holds them or nobody.
    pub(crate) fn unfinished(&self) -> Result<Vec<RunRecord>, StorageError> {
        let query =
            RunQuery { status: vec![RunStatus::Running, RunStatus::Canceling], ..RunQuery::default() };
        self.runs(&query)
    }

    /// The runs of which the list may say less than their events.
    pub(crate) fn unsettled(&self) -> Result<Vec<RunRecord>, StorageError> {
        self.select("settled = 0", Vec::new(), None)
    }

    fn whole(&self, line: line::Read) -> Result<RunRecord, StorageError> {
        line.map_err(|why| error::corrupt(&self.path, why))
    }
}

impl Drop for List {
    /// What was put without waiting for the disk is brought there in turn, so that it is known if the disk refuses it. Where
    /// others have the list, it is theirs to bring.
    fn drop(&mut self) {
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(turn) = &self.turn else { return };
        let connections: Vec<_> = [&writer.facts, &writer.connection].into_iter().flatten().collect();
        let Some(connection) = connections.first() else { return };
        let is_brought = turn.is_free() && {
            let brought = write::checkpoint(connection, Checkpoint::Passive, "list.close");
            turn.end();
            brought.is_ok()
        };
        for connection in connections {
            write::leave_alone(connection, !is_brought || write::is_in_doubt(&self.path));
        }
    }
}

/// Selects the newest lines, in no greater number than a last parameter says.
fn selects(conditions: &str) -> String {
    format!("SELECT {} FROM run WHERE {conditions} ORDER BY created DESC, id DESC LIMIT ?", line::COLUMNS)
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
    use std::time::Duration;

    use rusqlite::Connection;

    use super::{Waiting, selects};
    use crate::schema::INSTANCE;
    use crate::{Durability, Folder};

    #[test]
    fn runs_under_way_are_found_without_looking_at_those_that_are_over() {
        let list = Connection::open_in_memory().expect("a database");
        list.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let way = |conditions: &str| {
            let sql = format!("EXPLAIN QUERY PLAN {}", selects(conditions));
            let mut plan = list.prepare(&sql).expect("a statement");
            let mut steps = plan.raw_query();
            let mut way = Vec::new();
            while let Some(step) = steps.next().expect("a plan") {
                way.push(step.get::<_, String>(3).expect("a text"));
            }
            way.join("\n")
        };
        insta::assert_snapshot!(way("1 AND status IN (?, ?)"), @r"
        SEARCH run USING INDEX newest_of_status (status=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
        insta::assert_snapshot!(way("1"), @"SCAN run USING INDEX newest");
    }

    #[test]
    fn who_only_looks_does_not_wait_for_another_thread_either() {
        let home = std::env::temp_dir().join(format!("orch-looks-{}", std::process::id()));
        let waiting = Waiting::default().lasting(Duration::ZERO, Duration::ZERO);
        let folder = Folder::open_waiting(&home, Durability::Normal, waiting).expect("a folder");
        let writes = folder.list().lock().expect("nobody has it");
        let look = || folder.list().look().expect("it is no failure").is_ok();
        assert!(!std::thread::scope(|threads| threads.spawn(look).join()).expect("it does not panic"));
        drop(writes);
        assert!(look());
        drop(folder);
        std::fs::remove_dir_all(home).expect("it was made here");
    }

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
