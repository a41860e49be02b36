//! The room that the list takes, and what of it is used by nothing.

use orch_core::storage::StorageError;
use rusqlite::Connection;

use super::{List, Locked};
use crate::error;
use crate::write::{self, Checkpoint};

/// What has less to give back is left as it is: what is removed makes room for what comes.
const LEAST: u64 = 1 << 20;

/// How many bytes the list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) all: u64,
    /// What was removed has left these.
    pub(crate) unused: u64,
}

impl Room {
    fn of(list: &Connection) -> rusqlite::Result<Self> {
        let number = |sql: &str| list.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
        let page = number("PRAGMA page_size")?;
        let bytes = |pages: u64| pages.saturating_mul(page);
        Ok(Self { all: bytes(number("PRAGMA page_count")?), unused: bytes(number("PRAGMA freelist_count")?) })
    }

    /// Whether it is worth it to write all of it anew.
    fn is_mostly_unused(self) -> bool {
        self.unused >= LEAST && self.unused > self.all / 2
    }
}

impl List {
    /// The room that it takes.
    pub(crate) fn room(&self) -> Result<Room, StorageError> {
        self.read(Room::of)
    }
}

impl Locked<'_> {
    /// Writes the list anew without what is unused, if that is most of it: how many bytes were given back. Who reads it is not in the
    /// way, and if someone does just then, the file is as small when it was read.
    pub(crate) fn compact(&mut self) -> Result<u64, StorageError> {
        let path = self.path;
        let list = self.connection()?;
        let compacted = || {
            let before = Room::of(list)?;
            if !before.is_mostly_unused() {
                return Ok(0);
            }
            write::anew(list, "list.compact")?;
            write::checkpoint(list, Checkpoint::Truncate, "list.compact")?;
            Ok(before.all.saturating_sub(Room::of(list)?.all))
        };
        compacted().map_err(|error| error::database(path, "written", &error))
    }
}
