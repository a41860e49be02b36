//! The sets of keys of partitions, in a database of their own: `keys.db`, made when the first key is added.

use std::collections::BTreeMap;
use std::path::PathBuf;

use orch_core::partition::{ChangedKeys, KeySet, KeySets, check_keys};
use orch_core::storage::{ReadKeySets, StorageError, WriteKeySets};
use rusqlite::{Connection, Error, Row};

use crate::schema::{KEYS, Opened};
use crate::sum::Sum;
use crate::write::Writing;
use crate::{Durability, Folder, error, write};

/// The name of the database.
pub(crate) const FILE: &str = "keys.db";

/// A key is acknowledged when it outlives a loss of power: nobody could find out that it was there.
const DURABILITY: Durability = Durability::Full;

/// A row as it is read.
struct Kept {
    of: String,
    number: u64,
    key: String,
    present: bool,
    is_whole: bool,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (of, number, key, present): (String, i64, String, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let is_whole = row.get::<_, i64>(4)? == sum(&of, number, &key, present != 0);
        Ok(Self { of, number: number.cast_unsigned(), key, present: present != 0, is_whole })
    }
}

impl ReadKeySets for Folder {
    fn key_sets(&self) -> Result<KeySets, StorageError> {
        let mut rows: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
        for kept in self.kept_keys(None)? {
            rows.entry(kept.of.clone()).or_default().push(kept);
        }
        rows.into_iter()
            .try_fold(KeySets::new(), |sets, (name, rows)| Ok(sets.with(name, self.whole_set(&rows)?)))
    }

    fn key_set(&self, set: &str) -> Result<KeySet, StorageError> {
        self.whole_set(&self.kept_keys(Some(set))?)
    }
}

impl WriteKeySets for Folder {
    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.change_keys(set, keys, "keys.add", |writing| ChangedKeys::of(keys, |key| add(writing, set, key)))
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.change_keys(set, keys, "keys.remove", |writing| {
            ChangedKeys::of(keys, |key| match known(writing, set, key)? {
                Some((number, true)) => put(writing, (set, number, key), false).map(|()| true),
                _ => Ok(false),
            })
        })
    }
}

impl Folder {
    pub(crate) fn keys_file(&self) -> PathBuf {
        self.path().join(FILE)
    }

    /// The database, to be read; none if nobody has added a key yet.
    pub(crate) fn keys(&self) -> Result<Option<Connection>, StorageError> {
        let path = self.keys_file();
        if !path.exists() {
            return Ok(None);
        }
        match KEYS.read(&path)? {
            Opened::Whole(keys) => Ok(Some(keys)),
            // Whoever was to make it has not come to it.
            Opened::Empty => Ok(None),
            Opened::Older => {
                let list = self.list().lock()?;
                drop(KEYS.open(&path, DURABILITY, |_| Ok(()))?);
                drop(list);
                KEYS.read(&path)?.whole(&path).map(Some)
            }
        }
    }

    fn kept_keys(&self, set: Option<&str>) -> Result<Vec<Kept>, StorageError> {
        let Some(keys) = self.keys()? else { return Ok(Vec::new()) };
        let read = || -> rusqlite::Result<Vec<Kept>> {
            let sql = "SELECT of, number, key, present, sum FROM key WHERE ?1 IS NULL OR of = ?1 ORDER BY of, number";
            keys.prepare(sql)?.query_map([set], Kept::read)?.collect()
        };
        read().map_err(|error| error::database(&self.keys_file(), "read", &error))
    }

    /// The set of these rows, if all of them are as they were written.
    fn whole_set(&self, rows: &[Kept]) -> Result<KeySet, StorageError> {
        if let Some(Kept { of, number, .. }) = rows.iter().find(|kept| !kept.is_whole) {
            let why = format!("the key of number {number} of the set `{of}` is not what was written");
            return Err(error::corrupt(&self.keys_file(), why));
        }
        let rows = rows.iter().map(|kept| (kept.number, kept.key.as_str(), kept.present));
        KeySet::from_rows(rows).map_err(|error| error::corrupt(&self.keys_file(), error))
    }

    fn change_keys(
        &self,
        set: &str,
        keys: &[&str],
        name: &str,
        change: impl FnOnce(&Writing<'_>) -> rusqlite::Result<ChangedKeys>,
    ) -> Result<ChangedKeys, StorageError> {
        check_keys(set, keys).map_err(|error| StorageError::invalid_keys(&error))?;
        let path = self.keys_file();
        let list = self.list().lock()?;
        let connection = KEYS.open(&path, DURABILITY, |_| Ok(()))?;
        let changed = write::transaction(&connection, name, change);
        drop(connection);
        drop(list);
        changed.map_err(|error| error::database(&path, "written", &error))
    }
}

/// The number of a key that is or was in a set, and whether it is there.
fn known(writing: &Writing<'_>, set: &str, key: &str) -> rusqlite::Result<Option<(i64, bool)>> {
    let sql = "SELECT number, present FROM key WHERE of = ?1 AND key = ?2";
    let rows = writing.read(sql, (set, key), |row| Ok((row.get(0)?, row.get::<_, i64>(1)? != 0)))?;
    Ok(rows.first().copied())
}

/// Adds a key; whether it was not there.
fn add(writing: &Writing<'_>, set: &str, key: &str) -> rusqlite::Result<bool> {
    let number = match known(writing, set, key)? {
        Some((_, true)) => return Ok(false),
        Some((number, false)) => number,
        None => {
            let sql = "SELECT coalesce(max(number) + 1, 0) FROM key WHERE of = ?1";
            let next = writing.read(sql, [set], |row| row.get(0))?;
            next.first().copied().ok_or(Error::QueryReturnedNoRows)?
        }
    };
    put(writing, (set, number, key), true).map(|()| true)
}

fn put(writing: &Writing<'_>, (set, number, key): (&str, i64, &str), present: bool) -> rusqlite::Result<()> {
    let sql = "INSERT INTO key (of, number, key, present, sum) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (of, number) DO UPDATE SET present = ?4, sum = ?5";
    let sum = sum(set, number, key, present);
    writing.run(sql, (set, number, key, i64::from(present), sum)).map(drop)
}

fn sum(set: &str, number: i64, key: &str, present: bool) -> i64 {
    Sum::of(number).bytes(Some(set.as_bytes())).bytes(Some(key.as_bytes())).word(present.into()).short()
}
