use std::io::{self, ErrorKind};
use std::path::Path;

use orch_core::storage::{StorageError, StorageErrorKind};
use rusqlite::ErrorCode;

use crate::write;

const FULL: &str = "free some space, with `instance gc` or elsewhere on the disk, or choose another folder with `--home` or `ORCH_HOME`; what was committed before is kept";
/// What file systems of a network lack is locks, and memory that is shared.
pub(crate) const ELSEWHERE: &str =
    "lay the folder on a disk of this machine: file systems of a network lack what it needs";
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
        _ if is_of_the_disk(error) => of(&error.to_string()).hint(REFUSED),
        _ if is_lacking(error) => of(&error.to_string()).hint(ELSEWHERE),
        _ => of(&error.to_string()),
    }
}

/// Whether the disk itself could not do it. There is no kind for that.
fn is_of_the_disk(error: &io::Error) -> bool {
    // What the systems call an error of input or output, of the medium, of the device.
    let codes: &[i32] = if cfg!(windows) { &[21, 23, 29, 30, 1117] } else { &[5, 6] };
    error.kind() == ErrorKind::WriteZero || error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Whether the file system has no such thing, as none of a network has that knows no locks.
fn is_lacking(error: &io::Error) -> bool {
    let no_locks = match () {
        () if cfg!(any(target_os = "linux", target_os = "android")) => Some(37),
        () if cfg!(unix) => Some(77),
        () => None,
    };
    error.kind() == ErrorKind::Unsupported || (no_locks.is_some() && error.raw_os_error() == no_locks)
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

    #[test]
    fn what_is_not_the_fault_of_the_disk_is_not_looked_for_there() {
        let advice =
            |error: io::Error| machine(Path::new("holder"), "locked", &error).advice().map(str::to_owned);
        assert_eq!(advice(ErrorKind::Unsupported.into()).as_deref(), Some(ELSEWHERE));
        assert_eq!(advice(io::Error::other("its thread has ended")), None);
        if cfg!(target_os = "linux") {
            let of = |code| advice(io::Error::from_raw_os_error(code));
            assert_eq!(of(5).as_deref(), Some(REFUSED), "the disk has failed");
            assert_eq!(of(37).as_deref(), Some(ELSEWHERE), "there are no locks");
            assert_eq!(of(24), None, "too many files are open");
        }
    }

    /// A parcel lies where others have their files, and what a folder has beside a database may be anything as well.
    #[test]
    fn what_is_tried_to_know_the_reason_touches_no_file_that_is_there() {
        let folder = std::env::temp_dir().join(format!("orch-tried-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let refused = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(14), None);
        for name in ["parcel", "instance"] {
            let of_the_user = folder.join(name).with_extension("part");
            std::fs::write(&of_the_user, "mine").expect("it can be written");
            let told = database(&of_the_user.with_extension("db"), "read", &refused);
            assert_eq!(told.advice(), Some(FORBIDDEN));
            assert_eq!(std::fs::read_to_string(of_the_user).expect("it is there"), "mine");
        }
        assert_eq!(folder.read_dir().expect("it is there").count(), 2, "nothing is left");
        let elsewhere = write::hindrance(&folder.join("none/parcel.orch"));
        assert!(elsewhere.is_none(), "nothing is tried there");
        std::fs::remove_dir_all(folder).expect("it was made here");
    }
}
