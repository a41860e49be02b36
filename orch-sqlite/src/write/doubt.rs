//! What the disk has refused to keep. The system says so once, and from then on takes what it could not write for written:
//! who asks again is told that all is well. So it is noted down, in a file beside the database, that its write-ahead log may
//! not be on the disk as it is read, and whoever writes next writes that log anew before anything else.
//!
//! The note need not last: after a loss of power what is read is what the disk has.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use orch_core::storage::around;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, Result, ffi};

use super::{outer, sync_folder};

fn note(database: &Path) -> PathBuf {
    database.with_extension("db-doubt")
}

/// The file that SQLite keeps beside a database under this name.
pub(crate) fn beside(database: &Path, what: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(what);
    name.into()
}

/// Whether it is in doubt that the disk has what the write-ahead log of this database has.
pub(crate) fn is_in_doubt(database: &Path) -> bool {
    note(database).exists()
}

/// Has closing the connection leave the write-ahead log alone, or not: the last one to leave brings it into the database.
pub(crate) fn leave_alone(connection: &Connection, leave: bool) {
    // It is no matter of the file, and cannot fail.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave);
}

/// What SQLite would say if the system had refused it so.
pub(super) fn refusal(error: &io::Error) -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), Some(error.to_string()))
}

/// Notes it down if this is a refusal.
pub(super) fn note_down(connection: &Connection, error: &Error) {
    let is_refusal =
        matches!(error, Error::SqliteFailure(ffi::Error { extended_code: ffi::SQLITE_IOERR_FSYNC, .. }, _));
    if let Some(database) = connection.path().filter(|path| is_refusal && !path.is_empty()) {
        note_of(Path::new(database));
        leave_alone(connection, true);
    }
}

/// Notes down that the disk has refused what the write-ahead log of this database has.
pub(super) fn note_of(database: &Path) {
    // Where nothing can be written at all, nothing is written on either.
    let _ = around("doubt.note", || fs::write(note(database), ""));
}

/// Writes the log anew if it is in doubt. Nobody else may be writing it; who reads it reads the same as before.
pub(super) fn clear(connection: &Connection) -> Result<()> {
    let Some(database) = connection.path().map(PathBuf::from) else { return Ok(()) };
    if !is_in_doubt(&database) {
        return Ok(());
    }
    write_anew(&database).map_err(|error| refusal(&error))?;
    leave_alone(connection, false);
    Ok(())
}

pub(super) fn write_anew(database: &Path) -> io::Result<()> {
    let log = beside(database, "-wal");
    around("doubt.clear", || match fs::read(&log) {
        Ok(bytes) => {
            let mut file = fs::File::options().write(true).open(&log)?;
            file.write_all(&bytes)?;
            file.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    })?;
    sync_folder(outer(database), "doubt.clear")?;
    around("doubt.clear", || fs::remove_file(note(database)))
}
