use std::io::{self, ErrorKind};
use std::path::Path;

use orch_core::storage::{StorageError, StorageErrorKind};
use rusqlite::ErrorCode;

use crate::write;

const FULL: &str = "free some space, with `instance gc` or elsewhere on the disk, or choose another folder with `--home` or `ORCH_HOME`; what was committed before is kept";
const REFUSED: &str = "look at the free space and the state of the disk; what was committed before is kept";
const FORBIDDEN: &str =
    "let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`";
const DAMAGED: &str =
    "`instance check` tells what else is damaged; restore the file from a backup, or remove the run";
/// What to do about a list that is damaged.
pub(crate) const LIST: &str = "end all programs on the folder and move `instance.db` away: it is made anew from the runs that are there; what it knows of assets by other runs is only in a backup";

const KEYS: &str = "restore it from a backup; or end all programs on the folder, move `keys.db` away and add the keys anew, `partitions add`: what was made of them stands";

/// The file could not be `done`, as in `written`, for this reason of SQLite's.
pub(crate) fn database(path: &Path, done: &str, error: &rusqlite::Error) -> StorageError {
    let cannot = |why: &str| format!("`{}` cannot be {done}: {why}", path.display());
    let machine = |why: &str| StorageError::new(StorageErrorKind::Machine, cannot(why));
    let code = error.sqlite_error_code();
    // SQLite keeps to itself what the system has said.
    if matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure))
        && let Some(hindrance) = write::hindrance(path)
    {
        return self::machine(path, done, &hindrance);
    }
    match code {
        Some(ErrorCode::DiskFull) => machine("the disk is full").hint(FULL),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => machine("it is read-only").hint(FORBIDDEN),
        Some(ErrorCode::CannotOpen) => {
            machine("it is not there, or it and its folder cannot be written").hint(FORBIDDEN)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StorageError::new(StorageErrorKind::Corrupt, cannot(&format!("it is damaged ({error})")))
                .hint(remedy(path))
        }
        Some(ErrorCode::SystemIoFailure) => machine(&format!("the disk refuses it ({error})")).hint(REFUSED),
        _ => machine(&error.to_string()),
    }
}

/// The file could not be `done` for this reason of the machine's.
pub(crate) fn machine(path: &Path, done: &str, error: &io::Error) -> StorageError {
    let cannot = |why: &str| format!("`{}` cannot be {done}: {why}", path.display());
    let of = |why: &str| StorageError::new(StorageErrorKind::Machine, cannot(why));
    match error.kind() {
        ErrorKind::NotFound => StorageError::new(StorageErrorKind::NotFound, cannot("it is not there")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => of("the disk is full").hint(FULL),
        ErrorKind::NotADirectory => of("a file is where a folder should be").hint(FORBIDDEN),
        ErrorKind::FileTooLarge => of("it would be larger than files may be").hint(FULL),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => of(&error.to_string()).hint(FORBIDDEN),
        ErrorKind::IsADirectory => of(&error.to_string()),
        _ => of(&error.to_string()).hint(REFUSED),
    }
}

/// The file holds something else than what was written.
pub(crate) fn corrupt(path: &Path, why: impl std::fmt::Display) -> StorageError {
    let message = format!("`{}` is damaged: {why}", path.display());
    StorageError::new(StorageErrorKind::Corrupt, message).hint(remedy(path))
}

fn remedy(damaged: &Path) -> &'static str {
    match damaged.file_name().and_then(|name| name.to_str()) {
        Some("instance.db") => LIST,
        Some("keys.db") => KEYS,
        _ => DAMAGED,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        let full = Connection::open_in_memory().expect("a database");
        full.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (x)").expect("it has room for this");
        let error = full.execute("INSERT INTO t VALUES (zeroblob(100000))", []).expect_err("it has no more");
        let told = database(Path::new("run.db"), "written", &error);
        assert_eq!(told.to_string(), "`run.db` cannot be written: the disk is full");
        assert_eq!(told.advice(), Some(FULL));
        let told = machine(Path::new("result"), "written", &ErrorKind::StorageFull.into());
        assert_eq!(told.to_string(), "`result` cannot be written: the disk is full");
    }
}
