//! All that this crate writes, and nothing else does: each function passes the boundaries at which a test can kill the
//! process. `tests/it/boundaries.rs` at the root looks through the sources for writes elsewhere.

mod doubt;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use orch_core::failure::Failure;
use orch_core::storage::{around, boundary};
use rusqlite::{CachedStatement, Connection, Params, Row, ToSql};

use crate::error;

pub(crate) use doubt::{beside, is_in_doubt, leave_alone};

/// A transaction under way.
pub(crate) struct Writing<'a>(&'a Connection);

/// A prepared statement that writes.
pub(crate) struct Prepared<'a>(CachedStatement<'a>);

impl<'a> Writing<'a> {
    pub(crate) fn prepare(&self, sql: &str) -> rusqlite::Result<Prepared<'a>> {
        self.0.prepare_cached(sql).map(Prepared)
    }

    /// Gives the number of rows.
    pub(crate) fn run(&self, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.prepare(sql)?.run(values)
    }

    /// Reads what is there by now.
    pub(crate) fn read<T>(
        &self,
        sql: &str,
        values: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.0.prepare_cached(sql)?.query_map(values, row)?.collect()
    }

    pub(crate) fn script(&self, sql: &str) -> rusqlite::Result<()> {
        self.0.execute_batch(sql)
    }
}

impl Prepared<'_> {
    pub(crate) fn run(&mut self, values: impl Params) -> rusqlite::Result<usize> {
        self.0.execute(values)
    }

    /// Binds the next parameters after so many.
    pub(crate) fn bind<const N: usize>(
        &mut self,
        after: usize,
        values: [&dyn ToSql; N],
    ) -> rusqlite::Result<()> {
        let mut values = (after + 1..).zip(values);
        values.try_for_each(|(at, value)| self.0.raw_bind_parameter(at, value))
    }

    /// Runs it with what was bound.
    pub(crate) fn run_bound(&mut self) -> rusqlite::Result<usize> {
        self.0.raw_execute()
    }
}

/// How much is brought from the write-ahead log into the database.
#[derive(Clone, Copy)]
pub(crate) enum Checkpoint {
    /// As much as is possible without waiting for those who read.
    Passive,
    /// All, and the log is emptied.
    Truncate,
}

/// Brings what was committed into the database itself.
pub(crate) fn checkpoint(connection: &Connection, how: Checkpoint, name: &str) -> rusqlite::Result<()> {
    let sql = match how {
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    doubt::clear(connection)?;
    let brought = around(name, || connection.prepare_cached(sql)?.query_row([], |_| Ok(())));
    brought.inspect_err(|error| doubt::note_down(connection, error))
}

/// Makes what was committed durable, without bringing it into the database.
pub(crate) fn sync_log(connection: &Connection, database: &Path, name: &str) -> rusqlite::Result<()> {
    doubt::clear(connection)?;
    let synced = sync(&beside(database, "-wal"), name);
    synced.map_err(|error| {
        let refused = doubt::refusal(&error);
        doubt::note_down(connection, &refused);
        refused
    })
}

/// The same of what a process that is gone has committed. Nobody may be writing it.
pub(crate) fn sync_left(database: &Path, name: &str) -> io::Result<()> {
    if is_in_doubt(database) {
        return doubt::write_anew(database);
    }
    match sync(&beside(database, "-wal"), name) {
        // All of it was brought into the database.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        synced => synced.inspect_err(|_| doubt::note_of(database)),
    }
}

/// Commits what `write` writes, all of it or nothing.
pub(crate) fn transaction<T, E: From<rusqlite::Error>>(
    connection: &Connection,
    name: &str,
    write: impl FnOnce(&Writing<'_>) -> Result<T, E>,
) -> Result<T, E> {
    doubt::clear(connection)?;
    around(name, || {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let written = write(&Writing(connection)).and_then(|written| {
            boundary(name);
            let committed = connection.prepare_cached("COMMIT")?.execute([]);
            committed.inspect_err(|error| doubt::note_down(connection, error))?;
            Ok(written)
        });
        if written.is_err() && !connection.is_autocommit() {
            // SQLite has said why; that the way back fails too would say no more.
            let _ = connection.execute_batch("ROLLBACK");
        }
        written
    })
}

/// Writes a database anew without what is unused. It is committed to the write-ahead log as a transaction is.
pub(crate) fn anew(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    doubt::clear(connection)?;
    alone(connection, name, "VACUUM", []).inspect_err(|error| doubt::note_down(connection, error))
}

/// Runs a statement that cannot be part of a transaction, and leaves what is in the write-ahead log as it is.
pub(crate) fn alone(
    connection: &Connection,
    name: &str,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<()> {
    around(name, || {
        // Some of them answer with a row.
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(values)?;
        while rows.next()?.is_some() {}
        Ok(())
    })
}

/// Makes a folder; whether there was none.
pub(crate) fn folder(path: &Path, name: &str) -> io::Result<bool> {
    match around(name, || fs::create_dir(path)) {
        Ok(()) => Ok(true),
        Err(_) if path.is_dir() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::ErrorKind::NotADirectory.into())
        }
        Err(error) => Err(error),
    }
}

/// Makes a folder and all that it is in, each of them durably: what is in one that has no name any more is lost.
pub(crate) fn all_folders(path: &Path, name: &str) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let outer = outer(path);
    if outer != path {
        all_folders(outer, name)?;
    }
    lasting_folder(outer, path, name)
}

/// Makes a folder in another one, durably. One whose name the disk refuses to keep is not left: whoever found it would
/// rely on it.
fn lasting_folder(outer: &Path, path: &Path, name: &str) -> io::Result<()> {
    if !folder(path, name)? {
        return Ok(());
    }
    sync_folder(outer, name).inspect_err(|_| {
        // What somebody has put there already stays.
        let _ = around(name, || fs::remove_dir(path));
    })
}

/// The folder that something lies in.
pub(crate) fn outer(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder and those it is in, down from `root`, each of them durably.
pub(crate) fn folders(root: &Path, inner: &Path, name: &str) -> io::Result<()> {
    let mut outer = root.to_owned();
    for part in inner {
        let path = outer.join(part);
        if !path.is_dir() {
            lasting_folder(&outer, &path, name)?;
        }
        outer = path;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path, name: &str) -> io::Result<()> {
    // Elsewhere a folder is no file that could be opened.
    if cfg!(unix) { around(name, || File::open(path)?.sync_all()) } else { Ok(()) }
}

/// Opens a file that is there to be locked, or makes it.
pub(crate) fn lockable(path: &Path, name: &str) -> io::Result<File> {
    let open = || File::options().read(true).write(true).create(true).truncate(false).open(path);
    if path.exists() { open() } else { around(name, open) }
}

/// Replaces what a small file says, which nobody relies on.
pub(crate) fn say(mut file: &File, text: &str, name: &str) -> io::Result<()> {
    around(name, || {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    })
}

/// Writes a file that is there whole or not at all: first under another name beside it.
pub(crate) fn whole(
    path: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let partial = partial(path);
    let fail = |error: io::Error| error::machine(path, "written", &error).into_failure();
    let written = around(name, || {
        let mut file = BufWriter::new(File::create_new(&partial).map_err(fail)?);
        write(&mut file)?;
        file.into_inner().map_err(|error| fail(error.into_error()))
    });
    let placed = written.and_then(|file| {
        around("file.sync", || file.sync_all()).map_err(fail)?;
        drop(file);
        place(&partial, path, ("file.rename", "file.sync_folder")).map_err(fail)
    });
    if placed.is_err() {
        // It may not even be there.
        let _ = remove_file(&partial, "file.sweep");
    }
    placed
}

/// Gives a complete file its name, durably, if the disk has what is in it. One whose name the disk refuses to keep is not left:
/// whoever found it would rely on it.
fn place(partial: &Path, path: &Path, (rename, folder): (&str, &str)) -> io::Result<()> {
    around(rename, || fs::rename(partial, path))?;
    sync_folder(outer(path), folder).inspect_err(|_| {
        let _ = around(folder, || fs::remove_file(path));
    })
}

/// The extension of files that are not yet complete.
pub(crate) const PARTIAL: &str = "part";

/// A name beside the file, which no other process and no other thread takes. `check_name` refuses it for artifacts.
pub(crate) fn partial(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = OsString::from(path);
    name.push(format!(".{}-{}.{PARTIAL}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    name.into()
}

/// Brings what is in a complete file to the disk, and gives it its name.
pub(crate) fn complete(partial: &Path, path: &Path, name: &str) -> io::Result<()> {
    sync(partial, name)?;
    place(partial, path, (name, name))
}

/// Makes what is in a file durable.
pub(crate) fn sync(path: &Path, name: &str) -> io::Result<()> {
    // Elsewhere only a file that could be written can be.
    around(name, || File::options().read(true).write(true).open(path)?.sync_all())
}

/// What keeps a file beside this database from being made and written, where that is the disk's own doing. It is as long
/// as what a few lines of the list need. Where others have their files, as beside a parcel, nothing is tried.
pub(crate) fn hindrance(database: &Path) -> Option<io::Error> {
    if !["instance.db", "keys.db", "run.db"].iter().any(|ours| database.ends_with(ours)) {
        return None;
    }
    let beside = partial(database);
    let tried = around("file.try", || File::create_new(&beside)?.write_all(&[0; 256 << 10]));
    // It may not even be there.
    let _ = around("file.try", || fs::remove_file(&beside));
    let is_of_the_disk = |error: &io::Error| {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
        !matches!(error.kind(), NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem)
    };
    tried.err().filter(is_of_the_disk)
}

/// Whether there is no room beside this file.
pub(crate) fn is_full(path: &Path) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    hindrance(path).is_some_and(|error| matches!(error.kind(), StorageFull | QuotaExceeded))
}

/// Copies a file, durably.
pub(crate) fn copy(from: &Path, to: &Path, name: &str) -> io::Result<()> {
    around(name, || fs::copy(from, to))?;
    sync(to, name)?;
    sync_folder(outer(to), name)
}

/// Removes a file.
pub(crate) fn remove_file(path: &Path, name: &str) -> io::Result<()> {
    around(name, || fs::remove_file(path))
}

/// Removes a folder and all in it.
pub(crate) fn remove_folder(path: &Path, name: &str) -> io::Result<()> {
    around(name, || fs::remove_dir_all(path))
}
