use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_core::storage::{StorageError, StorageErrorKind};
use rusqlite::{Connection, OpenFlags};

use crate::Durability;
use crate::error;
use crate::write;

/// Readers and writers do not wait for each other. But whoever opens a file just when another closes it, or repairs it
/// after a crash, waits until that is done.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a database of ours looks like, and how it came to.
pub(crate) struct Schema {
    /// What it is, for messages.
    pub(crate) what: &'static str,
    /// The number that marks the file.
    pub(crate) application: i64,
    /// From nothing to the present version; the version is how many of them have been taken. What is released stays.
    pub(crate) steps: &'static [&'static str],
}

/// The list of runs; marked `orcI`.
pub(crate) const INSTANCE: Schema = Schema {
    what: "list of runs",
    application: 0x6f72_6349,
    steps: &["
        CREATE TABLE run (
            id TEXT PRIMARY KEY,        -- in hexadecimal, with dashes
            job TEXT NOT NULL,
            status TEXT NOT NULL,
            created INTEGER NOT NULL,   -- nanoseconds since 1970
            settled INTEGER NOT NULL,   -- 0 if its events may say something else
            record TEXT NOT NULL        -- all that is known at a glance, as JSON
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX newest ON run (created DESC, id DESC);
        CREATE INDEX unsettled ON run (id) WHERE settled = 0;
    "],
};

/// A run; marked `orcR`.
pub(crate) const RUN: Schema = Schema {
    what: "run",
    application: 0x6f72_6352,
    steps: &["
        CREATE TABLE run (
            record TEXT NOT NULL,       -- as it was when the run was made, as JSON
            pinned TEXT NOT NULL        -- what it was begun with, as JSON
        ) STRICT;
        -- Events and log lines share one sequence of numbers.
        CREATE TABLE event (
            number INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,      -- nanoseconds since 1970
            step TEXT,
            attempt INTEGER NOT NULL,
            kind TEXT NOT NULL,
            fields TEXT,                -- a JSON object
            value BLOB                  -- that of the output, if it is small
        ) STRICT;
        CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            step TEXT,
            attempt INTEGER NOT NULL,
            level INTEGER NOT NULL,     -- from 0, trace, to 4, error
            target TEXT NOT NULL,
            message TEXT NOT NULL,
            fields TEXT                 -- a JSON object
        ) STRICT;
    "],
};

/// Where a file stands.
enum State {
    New,
    Present,
    Older(usize),
}

impl Schema {
    /// Opens a database to be written, and makes it or brings it to the present version if need be. Nobody else may be
    /// writing it.
    pub(crate) fn open(&self, path: &Path, durability: Durability) -> Result<Connection, StorageError> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        let cannot = |error: rusqlite::Error| error::database(path, "opened", &error);
        let state = self.state(&connection, path)?;
        // Making it is durable in any case: the list must not tell of a run that a loss of power has taken.
        set(&connection, path, "synchronous", Durability::Full.synchronous())?;
        write::alone(&connection, "database.wal", "PRAGMA journal_mode = WAL", []).map_err(cannot)?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(cannot)?;
        if mode != "wal" {
            let message =
                format!("`{}` has no write-ahead log, but the journal mode `{mode}`", path.display());
            return Err(StorageError::new(StorageErrorKind::Machine, message).hint(
                "lay the folder on a disk of this machine: file systems of a network lack what it needs",
            ));
        }
        match state {
            State::Present => {}
            State::New => self.migrate(&connection, 0).map_err(cannot)?,
            State::Older(version) => {
                let copy = self.backup(path, version);
                if !copy.exists() {
                    let copy = copy.to_string_lossy();
                    write::alone(&connection, "database.backup", "VACUUM INTO ?1", [&copy])
                        .map_err(cannot)?;
                }
                self.migrate(&connection, version).map_err(cannot)?;
            }
        }
        set(&connection, path, "synchronous", durability.synchronous())?;
        Ok(connection)
    }

    /// Opens a database to be read; gives none if it is of an older version, and has to be opened to be written first.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<Connection>, StorageError> {
        let connection = connect(path, OpenFlags::empty())?;
        match self.state(&connection, path)? {
            State::Present => {}
            State::New => return Err(error::corrupt(path, "it is empty")),
            State::Older(_) => return Ok(None),
        }
        set(&connection, path, "query_only", 1)?;
        // A reader that is the last to leave tidies nothing up: it would have to write.
        let tidy = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        connection.set_db_config(tidy, true).map_err(|error| error::database(path, "opened", &error))?;
        Ok(Some(connection))
    }

    /// Where the file as it is of this version is kept.
    fn backup(&self, path: &Path, version: usize) -> PathBuf {
        path.with_extension(format!("v{version}.db"))
    }

    fn state(&self, connection: &Connection, path: &Path) -> Result<State, StorageError> {
        let number = |sql: &str| -> Result<i64, StorageError> {
            connection
                .query_row(sql, [], |row| row.get(0))
                .map_err(|error| error::database(path, "opened", &error))
        };
        let application = number("PRAGMA application_id")?;
        let version = number("PRAGMA user_version")?;
        let ours = self.steps.len();
        if application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 {
            return Ok(State::New);
        }
        if application != self.application {
            let message =
                format!("`{}` is a database of something else, and no {} of orch", path.display(), self.what);
            return Err(StorageError::new(StorageErrorKind::Corrupt, message)
                .hint("choose another folder with `--home` or `ORCH_HOME`, or move the file away"));
        }
        match usize::try_from(version) {
            Ok(version) if version == ours => Ok(State::Present),
            Ok(version) if (1..ours).contains(&version) => Ok(State::Older(version)),
            _ => {
                let message = format!(
                    "`{}` is of version {version}, made by a newer orch; this program knows versions up to {ours}",
                    path.display()
                );
                Err(StorageError::new(StorageErrorKind::Newer, message).hint(
                    "build the program with that version of orch, or choose another folder with `--home`",
                ))
            }
        }
    }

    fn migrate(&self, connection: &Connection, from: usize) -> rusqlite::Result<()> {
        write::transaction(connection, "database.migrate", |writing| {
            self.steps[from..].iter().try_for_each(|step| writing.script(step))?;
            let (application, version) = (self.application, self.steps.len());
            writing.script(&format!("PRAGMA application_id = {application}; PRAGMA user_version = {version}"))
        })
    }
}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let cannot = |error: rusqlite::Error| error::database(path, "opened", &error);
    let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
    connection.busy_timeout(PATIENCE).map_err(cannot)?;
    Ok(connection)
}

/// Sets a pragma of the connection, and sees that it holds: SQLite passes over what it does not know.
fn set(connection: &Connection, path: &Path, pragma: &str, value: i64) -> Result<(), StorageError> {
    let cannot = |error: rusqlite::Error| error::database(path, "opened", &error);
    connection.pragma_update(None, pragma, value).map_err(cannot)?;
    let read: i64 =
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).map_err(cannot)?;
    if read == value {
        return Ok(());
    }
    let message = format!("`{}`: SQLite has `{pragma}` at {read}, and not at {value}", path.display());
    Err(StorageError::new(StorageErrorKind::Machine, message))
}
