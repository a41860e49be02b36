mod facts;
mod history;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use orch_core::event::{Encoded, Event, EventKind, LogLevel, Logged};
use orch_core::failure::Failure;
use orch_core::ids::{RunId, StepPath};
use orch_core::storage::{LogQuery, Pinned, ReadEvents, Row, RunRecord, StorageError};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::extent::{Extent, OUTLINE_KINDS};
use crate::error;
use crate::schema::{Opened, RUN};
use crate::sum::{Columns, Line, Sum};

/// Events and log lines have their columns in this order; what the one has and the other has not is null.
const EVENTS: &str = "SELECT number, time, step, attempt, fields, kind, sum, value,
    NULL AS level, NULL AS target, NULL AS message FROM event WHERE number > ?1";
const LOGS: &str = "SELECT number, time, step, attempt, fields, NULL AS kind, sum, NULL AS value,
    level, target, message FROM log WHERE number > ?1";

/// Those that say where a run stands as a whole, and what of it has failed.
static OUTLINE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT number, time, step, attempt, fields, kind, sum, value FROM event INDEXED BY told
        WHERE (kind < 'STEP' OR kind IN ('STEP_FAILURE', 'STEP_MEMOIZED')) AND number > ?1
        AND kind IN ({}) ORDER BY number",
        *OUTLINE_KINDS
    )
});
/// The columns of one event.
const EVENT: &str =
    "SELECT number, time, step, attempt, fields, kind, sum, value FROM event WHERE number = ?1";

const CHANGED: &str = "it is not what was written";

type Each<'a> = &'a mut dyn FnMut(Logged) -> ControlFlow<()>;

/// The log of a run, to be read.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Connection,
    path: PathBuf,
    run: RunId,
}

impl Reader {
    /// Opens the log in this folder; gives none if it is of an older version.
    pub(crate) fn open(run: RunId, folder: &Path) -> Result<Option<Self>, StorageError> {
        let path = super::path(folder);
        match RUN.read(&path)? {
            Opened::Older => Ok(None),
            opened => Ok(Some(Self::new(opened.whole(&path)?, path, run))),
        }
    }

    pub(crate) fn new(connection: Connection, path: PathBuf, run: RunId) -> Self {
        Self { connection, path, run }
    }

    /// Whether anything has happened.
    pub(crate) fn has_events(&self) -> Result<bool, StorageError> {
        let sql = "SELECT 1 FROM event UNION ALL SELECT 1 FROM seal WHERE last > 0";
        let has = || self.connection.prepare_cached(sql)?.exists([]);
        has().map_err(|error| self.cannot(&error))
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What the list said of the run when it was made.
    pub(crate) fn record(&self) -> Result<RunRecord, StorageError> {
        let text: String = self.of_run("SELECT record FROM run")?;
        serde_json::from_str(&text).map_err(|error| error::corrupt(&self.path, error))
    }

    /// What the run was begun with.
    pub(crate) fn pinned(&self) -> Result<Pinned, StorageError> {
        let hash: String = self.of_run("SELECT blake3 FROM run")?;
        let pinned: Vec<u8> = self.of_run("SELECT pinned FROM run")?;
        if blake3::hash(&pinned).to_hex().as_str() != hash {
            return Err(error::corrupt(&self.path, "what the run was begun with is not what was written"));
        }
        let json = lz4_flex::decompress_size_prepended(&pinned);
        let json = json.map_err(|error| error::corrupt(&self.path, error))?;
        serde_json::from_slice(&json).map_err(|error| error::corrupt(&self.path, error))
    }

    /// What the run was begun with, or a part of it.
    fn of_run<T: FromSql>(&self, sql: &str) -> Result<T, StorageError> {
        let found = self.connection.query_row(sql, [], |row| row.get(0)).optional();
        let found: Option<T> = found.map_err(|error| self.cannot(&error))?;
        found.ok_or_else(|| error::corrupt(&self.path, "it does not say what the run was begun with"))
    }

    /// Calls `each` for all events, without log lines.
    pub(crate) fn each(&self, mut each: impl FnMut(&Event)) -> Result<(), StorageError> {
        self.events(0, false, &mut |logged| {
            each(&logged.event);
            ControlFlow::Continue(())
        })
    }

    /// Reads what comes after the event of a number. Whoever reads from the beginning on, to the end, has `expected` of what was
    /// written down.
    fn read_all(
        &self,
        sql: &str,
        after: u64,
        expected: impl Fn(Extent) -> i64,
        each: Each<'_>,
    ) -> Result<(), StorageError> {
        if after > 0 {
            return self.read(sql, vec![number(after)], each);
        }
        let sealed = self.sealed()?;
        let (mut read, mut beyond) = (0, ControlFlow::Continue(()));
        self.read(sql, vec![number(after)], &mut |logged| {
            read += i64::from(logged.number <= sealed.last.unsigned_abs());
            beyond = each(logged);
            beyond
        })?;
        match beyond {
            ControlFlow::Continue(()) => sealed.has_all(&self.path, expected(sealed), read),
            ControlFlow::Break(()) => Ok(()),
        }
    }

    fn read(&self, sql: &str, values: Vec<Value>, each: Each<'_>) -> Result<(), StorageError> {
        let mut known = Known::default();
        self.rows(sql, values, &mut |row| Ok(each(self.logged(row, &mut known)?.0)))
    }

    fn rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
        each: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<ControlFlow<()>, NotRead>,
    ) -> Result<(), StorageError> {
        let read = || -> Result<(), NotRead> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                if each(row)?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(|error| match error {
            NotRead::Database(error) => self.cannot(&error),
            NotRead::Row(why) => error::corrupt(&self.path, why),
        })
    }

    fn logged<'a>(
        &self,
        row: &'a rusqlite::Row<'_>,
        known: &mut Known,
    ) -> Result<(Logged, Option<&'a [u8]>), NotRead> {
        let number = row.get(0)?;
        let wrong = |error: &dyn std::fmt::Display| NotRead::wrong(number, error);
        let (kind, columns) = match row.get_ref(5)?.as_str_or_null()? {
            Some(kind) => {
                let columns = columns(row, kind)?;
                (known.row.read(kind, columns.fields).map_err(|error| wrong(&error))?, columns)
            }
            None => {
                let columns = unsummed(row, "")?;
                (log(row, &columns)?.map_err(|error| wrong(&error))?, columns)
            }
        };
        let time = moment(columns.time).map_err(|error| wrong(&error))?;
        let step = known.path(columns.step).map_err(|error| wrong(&error))?;
        let event = Event::new(time, self.run, step, columns.attempt, kind);
        let has_value = columns.value.is_some();
        Ok((Logged { number: number.unsigned_abs(), event, has_value }, columns.value))
    }

    /// Calls `each` for the events after one that say where the run stands as a whole, up to the last event there is; gives
    /// its number.
    pub(crate) fn outline(&self, after: u64, each: Each<'_>) -> Result<u64, StorageError> {
        let last = Extent::of(&self.connection, &self.path)?.last.unsigned_abs();
        let expected = |sealed: Extent| sealed.outline;
        self.read_all(&OUTLINE, after, expected, &mut |logged| match logged.number > last {
            true => ControlFlow::Continue(()),
            false => each(logged),
        })?;
        Ok(last)
    }

    /// The number of the last event there is, 0 if there is none. As any number it may be damaged: whoever goes by it looks
    /// whether there is such an event.
    fn last_event(&self) -> Result<u64, StorageError> {
        let last =
            self.connection.query_row("SELECT coalesce(max(number), 0) FROM event", [], |row| row.get(0));
        last.map(i64::unsigned_abs).map_err(|error| self.cannot(&error))
    }

    /// Whether the last event or log line there is, and whatever may be beyond, is the one of this number.
    pub(super) fn ends_with(&self, last: i64) -> Result<(), StorageError> {
        let mut read = Vec::new();
        let sql = format!("{EVENTS} UNION ALL {LOGS} ORDER BY number");
        self.read(&sql, vec![(last - 1).into()], &mut |logged| {
            read.push(logged.number);
            ControlFlow::Continue(())
        })?;
        if read == Vec::from_iter((last != 0).then_some(last.unsigned_abs())) {
            Ok(())
        } else {
            Err(error::corrupt(&self.path, format!("its last event is not the one of number {last}")))
        }
    }

    fn sealed(&self) -> Result<Extent, StorageError> {
        Extent::sealed(&self.connection, &self.path)
    }

    fn cannot(&self, error: &rusqlite::Error) -> StorageError {
        error::database(&self.path, "read", error)
    }
}

impl ReadEvents for Reader {
    fn events(&self, after: u64, logs: bool, each: Each<'_>) -> Result<(), StorageError> {
        let logs = if logs { format!("UNION ALL {LOGS}") } else { String::new() };
        let expected = |sealed: Extent| if logs.is_empty() { sealed.events } else { sealed.last };
        self.read_all(&format!("{EVENTS} {logs} ORDER BY number"), after, expected, each)
    }

    fn logs(&self, after: u64, query: &LogQuery, each: Each<'_>) -> Result<(), StorageError> {
        let (mut sql, mut values) = (LOGS.to_owned(), vec![number(after)]);
        if let Some(step) = &query.step {
            sql += " AND (step = ?";
            values.push(step.clone().into());
            // Of a name without keys those of all its copies: `load[` and whatever follows.
            if !step.contains('[') {
                sql += " OR substr(step, 1, length(?) + 1) = ? || '['";
                values.extend([step.clone().into(), step.clone().into()]);
            }
            sql += ")";
        }
        if let Some(level) = query.level {
            sql += " AND level >= ?";
            values.push(i64::from(level as u8).into());
        }
        if let Some(text) = &query.text {
            // SQLite's own ways to look for a text know the case of ASCII letters alone.
            self.lowercase().map_err(|error| self.cannot(&error))?;
            sql += " AND instr(orch_lowercase(message), ?) > 0";
            values.push(text.to_lowercase().into());
        }
        self.read(&format!("{sql} ORDER BY number"), values, each)
    }

    fn history(&self, each: &mut dyn FnMut(Logged, Option<&[u8]>)) -> Result<(), StorageError> {
        self.whole_history(each)
    }

    fn value(&self, event: u64) -> Result<Option<Encoded>, StorageError> {
        let mut found = None;
        // The row as a whole is looked at: a value of which a bit has changed is never taken for the value.
        self.rows(EVENT, [number(event)], &mut |row| {
            let columns = columns(row, row.get_ref(5)?.as_str()?)?;
            found = columns.value.map(|value| Encoded::from(value.to_vec()));
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }
}

impl Reader {
    fn lowercase(&self) -> rusqlite::Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        self.connection.create_scalar_function("orch_lowercase", 1, flags, |context| {
            Ok(context.get_raw(0).as_str()?.to_lowercase())
        })
    }
}

/// The columns of an event, as they were written.
fn columns<'a>(row: &'a rusqlite::Row<'_>, kind: &'a str) -> Result<Columns<'a>, NotRead> {
    let columns = unsummed(row, kind)?;
    if columns.sum() == row.get::<_, i64>(6)? {
        Ok(columns)
    } else {
        Err(NotRead::wrong(columns.number, &CHANGED))
    }
}

fn unsummed<'a>(row: &'a rusqlite::Row<'_>, kind: &'a str) -> Result<Columns<'a>, NotRead> {
    Ok(Columns {
        number: row.get(0)?,
        time: row.get(1)?,
        step: row.get_ref(2)?.as_str_or_null()?,
        attempt: row.get(3)?,
        kind,
        fields: row.get_ref(4)?.as_str_or_null()?,
        value: row.get_ref(7)?.as_blob_or_null()?,
    })
}

/// What a log line says, if it is what was written.
fn log(row: &rusqlite::Row<'_>, columns: &Columns<'_>) -> Result<Result<EventKind, Failure>, NotRead> {
    let &Columns { number, time, step, attempt, fields, .. } = columns;
    let (level, target, message) = (row.get(8)?, row.get_ref(9)?.as_str()?, row.get_ref(10)?.as_str()?);
    if (Line { number, time, step, attempt, level, target, message, fields }).sum() != row.get::<_, i64>(6)? {
        return Err(NotRead::wrong(number, &CHANGED));
    }
    let read = || {
        let level = match level {
            0 => LogLevel::Trace,
            1 => LogLevel::Debug,
            2 => LogLevel::Info,
            3 => LogLevel::Warn,
            4 => LogLevel::Error,
            other => return Err(Failure::new(format!("there is no level {other}"))),
        };
        let fields: BTreeMap<String, String> =
            fields.map(serde_json::from_str).transpose()?.unwrap_or_default();
        Ok(Row::log(level, target, message, fields))
    };
    Ok(read())
}

/// The time of so many nanoseconds since 1970, without the division of large numbers that jiff would do.
fn moment(nanoseconds: i64) -> Result<Timestamp, jiff::Error> {
    const SECOND: i64 = 1_000_000_000;
    Timestamp::new(nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND) as i32)
}

fn number(event: u64) -> Value {
    i64::try_from(event).unwrap_or(i64::MAX).into()
}

enum NotRead {
    Database(rusqlite::Error),
    Row(String),
}

impl NotRead {
    fn wrong(number: i64, error: &dyn std::fmt::Display) -> Self {
        Self::Row(format!("event {number}: {error}"))
    }
}

impl From<rusqlite::Error> for NotRead {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<rusqlite::types::FromSqlError> for NotRead {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Row(error.to_string())
    }
}

/// What was read before, and may be read again.
#[derive(Default)]
struct Known {
    row: Row,
    paths: Vec<Option<(Box<str>, StepPath)>>,
}

impl Known {
    /// So many places for paths: the events of one step lie among those of the steps that ran beside it.
    const PATHS: usize = 1024;

    fn path(&mut self, text: Option<&str>) -> Result<Option<StepPath>, orch_core::ids::ParseStepPathError> {
        let Some(text) = text else { return Ok(None) };
        if self.paths.is_empty() {
            self.paths.resize(Self::PATHS, None);
        }
        let place = &mut self.paths[Sum::of(0).bytes(Some(text.as_bytes())).short() as usize % Self::PATHS];
        match place {
            Some((known, path)) if **known == *text => Ok(Some(path.clone())),
            _ => {
                let path: StepPath = text.parse()?;
                *place = Some((text.into(), path.clone()));
                Ok(Some(path))
            }
        }
    }
}

#[cfg(test)]
mod tests;
