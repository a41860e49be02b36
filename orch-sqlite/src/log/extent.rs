//! How far a log goes.
//!
//! What is in the write-ahead log SQLite guards with sums of its own, and what it brings into the database it does not: there a
//! changed bit can hide rows, at the end or in the midst, and what is left looks like a shorter log. So before anything is
//! brought there it is written down how much there is. What follows is in the write-ahead log still.

use std::path::Path;
use std::sync::LazyLock;

use orch_core::storage::StorageError;
use rusqlite::{Connection, OptionalExtension};

use crate::error;
use crate::sum::Sum;
use crate::write::Writing;

/// The events that say where a run stands as a whole, and what of it has failed.
const OUTLINE: [&str; 7] = [
    "RUN_START",
    "RUN_RESUMED",
    "RUN_CANCELING",
    "RUN_SUCCESS",
    "RUN_FAILURE",
    "RUN_CANCELED",
    "STEP_FAILURE",
];

/// The names of these, for a statement.
pub(super) static OUTLINE_KINDS: LazyLock<String> = LazyLock::new(|| format!("'{}'", OUTLINE.join("', '")));

/// Those that were committed after the seal.
static SINCE: LazyLock<String> = LazyLock::new(|| {
    let kinds = &*OUTLINE_KINDS;
    format!("SELECT count(*), count(*) FILTER (WHERE kind IN ({kinds})) FROM event WHERE number > ?1")
});

const LAST: &str =
    "SELECT max(coalesce((SELECT max(number) FROM event), 0), coalesce((SELECT max(number) FROM log), 0))";

/// How much there is in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The number of the last event or log line. They are numbered from 1, and none is left out.
    pub(super) last: i64,
    /// How many are events.
    pub(super) events: i64,
    /// How many of these say where the run stands as a whole, and what of it has failed.
    pub(super) outline: i64,
}

impl Extent {
    /// How much there is, and never less than what was written down.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, StorageError> {
        let sealed = Self::sealed(connection, path)?;
        let cannot = |error: rusqlite::Error| error::database(path, "read", &error);
        let last: i64 = connection.query_row(LAST, [], |row| row.get(0)).map_err(cannot)?;
        if last < sealed.last {
            let why = format!("it ends with event {last}, and was written up to event {}", sealed.last);
            return Err(error::corrupt(path, why));
        }
        let since = connection.query_row(&SINCE, [sealed.last], |row| Ok((row.get(0)?, row.get(1)?)));
        let (events, outline): (i64, i64) = since.map_err(cannot)?;
        Ok(Self { last, events: sealed.events + events, outline: sealed.outline + outline })
    }

    /// What was written down when the log was last brought into the database.
    pub(super) fn sealed(connection: &Connection, path: &Path) -> Result<Self, StorageError> {
        let read = || -> rusqlite::Result<Option<(Self, i64)>> {
            let mut seal = connection.prepare_cached("SELECT last, events, outline, sum FROM seal")?;
            let extent = |row: &rusqlite::Row<'_>| {
                Ok((Self { last: row.get(0)?, events: row.get(1)?, outline: row.get(2)? }, row.get(3)?))
            };
            seal.query_row([], extent).optional()
        };
        match read().map_err(|error| error::database(path, "read", &error))? {
            Some((extent, sum)) if extent.sum() == sum => Ok(extent),
            _ => Err(error::corrupt(path, "what it says of how far its log goes is not what was written")),
        }
    }

    /// Writes down how much there is.
    pub(super) fn seal(&self, writing: &Writing<'_>) -> rusqlite::Result<()> {
        let sql = "UPDATE seal SET last = ?1, events = ?2, outline = ?3, sum = ?4";
        writing.run(sql, (self.last, self.events, self.outline, self.sum())).map(drop)
    }

    /// The same, of a log that is new.
    pub(super) fn begin(writing: &Writing<'_>) -> rusqlite::Result<()> {
        let sum = Self::default().sum();
        writing.run("INSERT INTO seal (last, events, outline, sum) VALUES (0, 0, 0, ?1)", [sum]).map(drop)
    }

    /// With another event of this kind.
    pub(super) fn count(&mut self, kind: &str) {
        self.events += 1;
        self.outline += i64::from(OUTLINE.contains(&kind));
    }

    /// Fails if of so many rows up to the last that was written down others than all were read.
    pub(super) fn has_all(&self, path: &Path, rows: i64, read: i64) -> Result<(), StorageError> {
        if rows == read {
            return Ok(());
        }
        let last = self.last;
        Err(error::corrupt(path, format!("up to event {last} it had {rows} rows, and {read} are there")))
    }

    fn sum(&self) -> i64 {
        let Self { last, events, outline } = self;
        Sum::of(*last).word(events.cast_unsigned()).word(outline.cast_unsigned()).short()
    }
}
