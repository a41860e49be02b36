use std::io;
use std::path::Path;

use orch_core::ids::RunId;
use orch_core::storage::{RunQuery, StorageError, StorageErrorKind};

use super::info::{each_file, size};
use crate::backfills::BACKFILLS;
use crate::files::{ARTIFACTS, ASSETS};
use crate::schema::{INSTANCE, KEYS, RUN};
use crate::write::PARTIAL;
use crate::{Durability, Folder, error, keys, log, write};

/// What a backup contains.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackedUp {
    /// How many runs.
    pub runs: u64,
    /// How many bytes its files have.
    pub bytes: u64,
    /// The runs that could not be read, and why; they are not in the backup.
    pub left_out: Vec<(RunId, String)>,
}

impl Folder {
    /// Copies the list with what is known of assets, the files of assets, backfills, sets of keys, and each run that is in the list
    /// as it is at that moment, to a folder that is empty or not there. The copy is opened as any other. Programs may go on with their runs meanwhile.
    ///
    /// # Errors
    /// If there is something in the folder, it lies in this one, or it cannot be written.
    pub fn backup(&self, to: &Path) -> Result<BackedUp, StorageError> {
        let cannot = |error: io::Error| error::machine(to, "written", &error);
        if self.contains(to) {
            let message = format!("`{}` lies in the folder that is to be copied", to.display());
            return Err(StorageError::new(StorageErrorKind::Invalid, message)
                .hint("choose a folder outside of it, best on another disk"));
        }
        if to.exists() && to.read_dir().map_err(cannot)?.next().is_some() {
            let message = format!("`{}` is not empty", to.display());
            return Err(StorageError::new(StorageErrorKind::Exists, message)
                .hint("choose a folder that is not there"));
        }
        write::all_folders(&to.join("runs"), "backup.folder").map_err(cannot)?;
        INSTANCE.copy(self.list().path(), &to.join("instance.db"))?;
        if self.keys()?.is_some() {
            KEYS.copy(&self.keys_file(), &to.join(keys::FILE))?;
        }
        let copy = Self::open(to, Durability::Full)?;
        let (mut runs, mut left_out) = (0, Vec::new());
        for run in copy.list().runs(&RunQuery::default())? {
            let made = self.copy_run(run.id, &copy.run_folder(run.id));
            match made {
                Ok(()) => runs += 1,
                Err(error) => {
                    copy.give_up(run.id);
                    let mut list = copy.list().lock()?;
                    list.delete(run.id)?;
                    list.forget(run.id)?;
                    // Who has removed it in the meantime does not miss it; a full disk is no reason to leave it out.
                    match error.kind() {
                        StorageErrorKind::Corrupt => left_out.push((run.id, error.to_string())),
                        _ if !self.run_folder(run.id).exists() => {}
                        _ => return Err(error),
                    }
                }
            }
        }
        // After the runs: a file is there before an event tells of it.
        copy_files(self.path(), ASSETS, to).map_err(cannot)?;
        copy_files(self.path(), BACKFILLS, to).map_err(cannot)?;
        for folder in [&to.join("runs"), to] {
            write::sync_folder(folder, "backup.sync").map_err(cannot)?;
        }
        let bytes = size(to).map_err(cannot)?;
        Ok(BackedUp { runs, bytes, left_out })
    }

    /// Whether it is this folder or lies in it, by whichever name.
    fn contains(&self, path: &Path) -> bool {
        let Ok(path) = std::path::absolute(path) else { return false };
        // What is not there yet will lie where that of it lies which is.
        let there = path.ancestors().find_map(|part| part.canonicalize().ok());
        there.is_some_and(|there| self.path().canonicalize().is_ok_and(|home| there.starts_with(home)))
    }

    fn copy_run(&self, run: RunId, to: &Path) -> Result<(), StorageError> {
        let from = self.run_folder(run);
        let cannot = |error: io::Error| error::machine(to, "written", &error);
        write::folder(to, "backup.folder").map_err(cannot)?;
        // The events first: a file is there before an event tells of it.
        RUN.copy(&log::path(&from), &log::path(to))?;
        copy_files(&from, ARTIFACTS, to).map_err(cannot)?;
        write::sync_folder(to, "backup.folder").map_err(cannot)
    }
}

/// Copies the complete files of a folder within another. One that is gone when its turn comes is passed over.
fn copy_files(from: &Path, folder: &str, to: &Path) -> io::Result<()> {
    each_file(&from.join(folder), &mut |path, _| {
        let Ok(name) = path.strip_prefix(from) else { return Ok(()) };
        if path.extension().is_some_and(|extension| extension == PARTIAL) {
            return Ok(());
        }
        write::folders(to, name.parent().unwrap_or(name), "backup.folder")?;
        match write::copy(path, &to.join(name), "backup.file") {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.exists() => Ok(()),
            copied => copied,
        }
    })
}
