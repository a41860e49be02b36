mod tables;

use std::path::Path;
use std::time::Duration;

use orch_core::storage::{StorageError, StorageErrorKind};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::Durability;
use crate::error;
use crate::write::{self, Writing};

pub(crate) use tables::{INSTANCE, KEYS, PARCEL, PARCEL_FILES, RUN};

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

/// Where a file stands.
enum State {
    New,
    Present,
    Older(usize),
}

/// A database that was opened to be read.
pub(crate) enum Opened {
    /// It can be.
    Whole(Connection),
    /// It is of an older version, and has to be opened to be written first.
    Older,
    /// Whoever was to make it did not come to it.
    Empty,
}

impl Opened {
    /// The database, where nothing else can be meant.
    pub(crate) fn whole(self, path: &Path) -> Result<Connection, StorageError> {
        match self {
            Self::Whole(connection) => Ok(connection),
            Self::Older => Err(error::corrupt(path, "it is of an older version than it was")),
            Self::Empty => Err(error::corrupt(path, "there is nothing in it")),
        }
    }
}

impl Schema {
    /// Opens a database to be written, and brings it to the present version if need be. If there is none, it is made and
    /// filled. Nobody else may be writing it.
    pub(crate) fn open(
        &self,
        path: &Path,
        durability: Durability,
        fill: impl FnOnce(&Connection) -> Result<(), StorageError>,
    ) -> Result<Connection, StorageError> {
        self.open_or(path, durability, |connection| {
            self.migrate(connection, path, 0, |_| Ok(()))?;
            fill(connection)
        })
    }

    /// The same, but what fills it is committed with its tables: whoever dies meanwhile has made nothing.
    pub(crate) fn open_filled(
        &self,
        path: &Path,
        durability: Durability,
        fill: impl FnOnce(&Writing<'_>) -> rusqlite::Result<()>,
    ) -> Result<Connection, StorageError> {
        self.open_or(path, durability, |connection| self.migrate(connection, path, 0, fill))
    }

    fn open_or(
        &self,
        path: &Path,
        durability: Durability,
        make: impl FnOnce(&Connection) -> Result<(), StorageError>,
    ) -> Result<Connection, StorageError> {
        let mut connection = match path.exists() {
            true => Some(connect(path)?),
            false => None,
        };
        let mut state =
            connection.as_ref().map_or(Ok(State::New), |connection| self.state(connection, path))?;
        if matches!(state, State::New) {
            drop(connection.take());
            make_new(path, make)?;
            state = State::Present;
        }
        let connection = connection.map_or_else(|| connect(path), Ok)?;
        log_ahead(&connection, path)?;
        // SQLite does not tell if the name of its log could not be brought to the disk.
        write::sync_folder(write::outer(path), "database.names")
            .map_err(|error| error::machine(path, "opened", &error))?;
        if let State::Older(version) = state {
            let copy = path.with_extension(format!("v{version}.db"));
            if !copy.exists() {
                self.copy(path, &copy)?;
            }
            set(&connection, path, "synchronous", Durability::Full.synchronous())?;
            self.migrate(&connection, path, version, |_| Ok(()))?;
        }
        set(&connection, path, "synchronous", durability.synchronous())?;
        Ok(connection)
    }

    /// Opens a database to be read.
    pub(crate) fn read(&self, path: &Path) -> Result<Opened, StorageError> {
        let connection = connect_to_read(path)?;
        match self.state(&connection, path)? {
            State::Present => {}
            State::New => return Ok(Opened::Empty),
            State::Older(_) => return Ok(Opened::Older),
        }
        set(&connection, path, "query_only", 1)?;
        Ok(Opened::Whole(connection))
    }

    /// Copies a database as it is at this moment, whoever writes it, to a file that is not there.
    pub(crate) fn copy(&self, from: &Path, to: &Path) -> Result<(), StorageError> {
        let connection = connect_to_read(from)?;
        self.state(&connection, from)?;
        let name = to.to_string_lossy();
        write::alone(&connection, "database.copy", "VACUUM INTO ?1", [&name])
            .map_err(|error| error::database(to, "written", &error))?;
        write::sync(to, "database.copy").map_err(|error| error::machine(to, "written", &error))
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

    fn migrate(
        &self,
        connection: &Connection,
        path: &Path,
        from: usize,
        fill: impl FnOnce(&Writing<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StorageError> {
        let migrated = write::transaction(connection, "database.migrate", |writing| {
            self.steps[from..].iter().try_for_each(|step| writing.script(step))?;
            let (application, version) = (self.application, self.steps.len());
            writing
                .script(&format!("PRAGMA application_id = {application}; PRAGMA user_version = {version}"))?;
            fill(writing)
        });
        migrated.map_err(|error| error::database(path, "opened", &error))
    }
}

/// Makes a database whole under another name, and then gives it its own: what is there under that is never made by half,
/// and lasts in any case: the list must not tell of a run that a loss of power has taken.
fn make_new(
    path: &Path,
    make: impl FnOnce(&Connection) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let cannot = |error: std::io::Error| error::machine(path, "made", &error);
    // What lies beside it is of another one, which was moved away.
    for what in ["-wal", "-journal", "-shm"] {
        let left = write::beside(path, what);
        if left.exists() {
            write::remove_file(&left, "database.clear").map_err(cannot)?;
            write::sync_folder(write::outer(path), "database.clear").map_err(cannot)?;
        }
    }
    let partial = write::partial(path);
    let made = fill_new(&partial, path, make);
    let made = made.and_then(|()| write::complete(&partial, path, "database.complete").map_err(cannot));
    if made.is_err() {
        // It may not even be there.
        let _ = write::remove_file(&partial, "file.sweep");
    }
    made
}

/// Fills what is to be the database of this path. Nothing of it need be on the disk before all of it is.
fn fill_new(
    partial: &Path,
    path: &Path,
    make: impl FnOnce(&Connection) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let cannot = |error: rusqlite::Error| error::database(path, "made", &error);
    let connection = Connection::open(partial).map_err(cannot)?;
    set(&connection, path, "synchronous", 0)?;
    write::alone(&connection, "database.make", "PRAGMA journal_mode = OFF", []).map_err(cannot)?;
    make(&connection)?;
    write::alone(&connection, "database.make", "PRAGMA journal_mode = WAL", []).map_err(cannot)?;
    connection.close().map_err(|(_, error)| cannot(error))
}

fn connect(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let cannot = |error: rusqlite::Error| error::database(path, "opened", &error);
    let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
    connection.busy_timeout(PATIENCE).map_err(cannot)?;
    Ok(connection)
}

/// The same, of what is only read. What cannot be written, and what nobody has open on a full disk, is opened as something
/// that nobody changes: else SQLite needs a file beside it, even to look whether there is a write-ahead log.
fn connect_to_read(path: &Path) -> Result<Connection, StorageError> {
    let connection = connect(path)?;
    // A reader that is the last to leave tidies nothing up: it would have to write.
    write::leave_alone(&connection, true);
    let read = connection.query_row("PRAGMA application_id", [], |_| Ok(()));
    let code = read.err().and_then(|error| error.sqlite_error_code());
    let is_logged = path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0);
    let is_still = match code {
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => true,
        Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull) => write::is_full(path),
        _ => false,
    };
    if !is_still || is_logged {
        return Ok(connection);
    }
    let Some(name) = path.to_str() else { return Ok(connection) };
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
        .map_err(|error| error::database(path, "opened", &error))
}

/// Sees to it that commits go to a write-ahead log, which readers do not wait for.
fn log_ahead(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let cannot = |error: rusqlite::Error| error::database(path, "opened", &error);
    write::alone(connection, "database.wal", "PRAGMA journal_mode = WAL", []).map_err(cannot)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(cannot)?;
    if mode == "wal" {
        return Ok(());
    }
    let message = format!("`{}` has no write-ahead log, but the journal mode `{mode}`", path.display());
    Err(StorageError::new(StorageErrorKind::Machine, message).hint(error::ELSEWHERE))
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

#[cfg(test)]
mod tests;
