use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use orch_core::failure::Failure;
use orch_core::ids::RunId;
use orch_core::storage::{ArtifactRef, Artifacts as _, ReadRuns, RunRecord, StorageError, StorageErrorKind};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::info::each_file;
use crate::files::{ARTIFACTS, Files};
use crate::lock::Hold;
use crate::schema::{PARCEL, PARCEL_FILES, RUN};
use crate::write::PARTIAL;
use crate::{Folder, error, log, write};

/// How much of a file lies in one row.
const PIECE: u64 = 1 << 20;

/// A run that was put into a file, or taken out of one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parcel {
    /// The run.
    pub run: RunRecord,
    /// How many files of it.
    pub files: u64,
    /// How many bytes the parcel has.
    pub bytes: u64,
}

impl Parcel {
    /// What is in a file that a run was exported to, as it says itself.
    ///
    /// # Errors
    /// If the file is no exported run, is damaged or is of a newer version.
    pub fn read(file: &Path) -> Result<Self, StorageError> {
        Self::open(file).map(|(parcel, _)| parcel)
    }

    fn open(file: &Path) -> Result<(Self, Connection), StorageError> {
        let found = file.metadata().map_err(|error| error::machine(file, "read", &error))?;
        if !found.is_file() {
            return Err(error::machine(file, "read", &io::ErrorKind::IsADirectory.into()));
        }
        let bytes = found.len();
        let parcel = PARCEL.read(file)?.whole(file)?;
        let cannot = |error: rusqlite::Error| error::database(file, "read", &error);
        let record: Option<String> =
            parcel.query_row("SELECT record FROM run", [], |row| row.get(0)).optional().map_err(cannot)?;
        let run: RunRecord = serde_json::from_str(&record.unwrap_or_default())
            .map_err(|why| error::corrupt(file, format!("it does not say which run it is: {why}")))?;
        let files = packed(&parcel).map_err(cannot)?.len() as u64;
        Ok((Self { run, files, bytes }, parcel))
    }
}

impl Folder {
    /// Puts a run with its files into one file, as it is at this moment.
    ///
    /// # Errors
    /// If there is no such run, if there is such a file, or if the one cannot be read or the other written.
    pub fn export(&self, run: RunId, file: &Path) -> Result<Parcel, StorageError> {
        let record = self.run(run)?;
        if file.exists() {
            let message = format!("there is a file `{}` already", file.display());
            return Err(StorageError::new(StorageErrorKind::Exists, message)
                .hint("remove it, or choose another name"));
        }
        let folder = self.run_folder(run);
        let partial = write::partial(file);
        let packed = RUN
            .copy(&log::path(&folder), &partial)
            .and_then(|()| pack(&partial, &record, &folder.join(ARTIFACTS)));
        let completed = packed.and_then(|files| {
            write::complete(&partial, file, "parcel.complete")
                .and_then(|()| file.metadata())
                .map(|file| Parcel { run: record, files, bytes: file.len() })
                .map_err(|error| error::machine(file, "written", &error))
        });
        if completed.is_err() {
            // It may not even be there.
            let _ = write::remove_file(&partial, "parcel.sweep");
        }
        completed
    }

    /// Takes a run out of a file that it was exported to. What it tells of assets does not become known here: it was
    /// materialized in another instance, whose files of assets are not in the file.
    ///
    /// # Errors
    /// If there is such a run already, if the file is no exported run, is damaged or is of a newer version, or if the
    /// run cannot be written. There is no such run then.
    pub fn import(&self, file: &Path) -> Result<Parcel, StorageError> {
        let (parcel, connection) = Parcel::open(file)?;
        let run = parcel.run.id;
        let hold = self.claim(run)?;
        // It has events before it is a run; if it does not become one, it must not be taken for one.
        self.list().lock()?.delete(run)?;
        let unpacked = self
            .unpack(&connection, file, hold, run)
            .and_then(|()| self.list().lock()?.put(&parcel.run, false));
        match unpacked {
            Ok(()) => Ok(parcel),
            Err(error) => {
                self.give_up_listed(run);
                Err(error)
            }
        }
    }

    fn unpack(&self, parcel: &Connection, file: &Path, hold: Hold, run: RunId) -> Result<(), StorageError> {
        let writer = log::Writer::make(self, hold, run, |log| {
            let cannot = |error: rusqlite::Error| error::database(file, "read", &error);
            let name = file.to_string_lossy();
            write::alone(log, "parcel.attach", "ATTACH DATABASE ?1 AS parcel", [&name]).map_err(cannot)?;
            write::transaction(log, "parcel.unpack", |writing| {
                ["run", "seal", "event", "log"].iter().try_for_each(|table| {
                    writing
                        .run(&format!("INSERT INTO main.{table} SELECT * FROM parcel.{table}"), [])
                        .map(drop)
                })?;
                // What it tells of assets is history of another instance. What it tells from here on is not.
                let last = "SELECT coalesce(max(number), 0) FROM main.event";
                writing.run(&format!("UPDATE main.run SET imported = ({last})"), []).map(drop)
            })
            .map_err(cannot)?;
            write::alone(log, "parcel.detach", "DETACH DATABASE parcel", []).map_err(cannot)
        })?;
        // Whatever cannot be read here could not be read later.
        let reader = self.reader(run)?;
        reader.pinned()?;
        reader.each(|_| ())?;
        let files = Files::of(&self.run_folder(run));
        let cannot = |error: rusqlite::Error| error::database(file, "read", &error);
        for packed in packed(parcel).map_err(cannot)? {
            let mut content = |out: &mut dyn io::Write| pieces(parcel, &packed.file, out);
            let written = files.write(&packed.file, &mut content);
            let written = written.map_err(|failure| error::corrupt(file, failure))?;
            if written != packed {
                return Err(error::corrupt(file, format!("`{}` is not what was put into it", packed.file)));
            }
        }
        self.sync_runs()?;
        drop(writer);
        Ok(())
    }
}

/// Makes a parcel of the copy of a run's database.
fn pack(copy: &Path, record: &RunRecord, artifacts: &Path) -> Result<u64, StorageError> {
    let cannot = |error: rusqlite::Error| error::database(copy, "written", &error);
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(cannot)?;
    let record = serde_json::to_string(record).map_err(|error| error::corrupt(copy, error))?;
    let packed = write::transaction(&connection, "parcel.pack", |writing| {
        writing.script(&format!("{PARCEL_FILES}; PRAGMA application_id = {}", PARCEL.application))?;
        writing.run("UPDATE run SET record = ?1", [record])?;
        let files =
            complete_files(artifacts).map_err(|error| NotPacked::File(artifacts.to_owned(), error))?;
        for path in &files {
            pack_file(writing, artifacts, path)?;
        }
        Ok(files.len() as u64)
    });
    packed.map_err(|error| match error {
        NotPacked::Database(error) => cannot(error),
        NotPacked::File(path, error) => error::machine(&path, "read", &error),
    })
}

/// Why a run could not be put into a file.
enum NotPacked {
    Database(rusqlite::Error),
    File(PathBuf, io::Error),
}

impl From<rusqlite::Error> for NotPacked {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

fn complete_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    each_file(folder, &mut |path, _| {
        if path.extension().is_none_or(|extension| extension != PARTIAL) {
            files.push(path.to_owned());
        }
        Ok(())
    })?;
    Ok(files)
}

fn pack_file(writing: &write::Writing<'_>, folder: &Path, path: &Path) -> Result<(), NotPacked> {
    let cannot = |error: io::Error| NotPacked::File(path.to_owned(), error);
    let parts = path.strip_prefix(folder).unwrap_or(path).iter().map(|part| part.to_string_lossy());
    let name = parts.collect::<Vec<_>>().join("/");
    let mut file = File::open(path).map_err(cannot)?;
    let (mut hash, mut bytes) = (blake3::Hasher::new(), 0);
    for number in 0.. {
        let mut piece = Vec::new();
        file.by_ref().take(PIECE).read_to_end(&mut piece).map_err(cannot)?;
        if piece.is_empty() {
            break;
        }
        hash.update(&piece);
        bytes += piece.len() as i64;
        let sql = "INSERT INTO piece (artifact, number, content) VALUES (?1, ?2, ?3)";
        writing.run(sql, (&name, number, piece))?;
    }
    let sql = "INSERT INTO artifact (name, bytes, blake3) VALUES (?1, ?2, ?3)";
    writing.run(sql, (&name, bytes, hash.finalize().to_hex().as_str()))?;
    Ok(())
}

/// The files in a parcel, as they were when they were put into it.
fn packed(parcel: &Connection) -> rusqlite::Result<Vec<ArtifactRef>> {
    let mut statement = parcel.prepare("SELECT name, bytes, blake3 FROM artifact ORDER BY name")?;
    let file = |row: &rusqlite::Row<'_>| {
        Ok(ArtifactRef {
            file: row.get(0)?,
            bytes: row.get::<_, i64>(1)?.unsigned_abs(),
            blake3: row.get(2)?,
        })
    };
    statement.query_map([], file)?.collect()
}

/// Writes what a file in a parcel contains.
fn pieces(parcel: &Connection, name: &str, out: &mut dyn io::Write) -> Result<(), Failure> {
    let mut statement =
        parcel.prepare_cached("SELECT content FROM piece WHERE artifact = ?1 ORDER BY number")?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        out.write_all(row.get_ref(0)?.as_blob()?)?;
    }
    Ok(())
}
