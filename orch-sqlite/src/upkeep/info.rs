use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orch_core::storage::{ReadKeySets as _, StorageError};

use crate::files::ASSETS;
use crate::{Durability, Folder, error, schema};

/// What there is to know of a folder at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Where it is.
    pub path: PathBuf,
    /// How durable what this program commits is.
    pub durability: Durability,
    /// The version of the form of the list.
    pub list_version: usize,
    /// The version of the form of runs that are made now; older ones are brought to it when they are used.
    pub run_version: usize,
    /// The version of SQLite.
    pub sqlite: String,
    /// How many runs are in the list.
    pub runs: u64,
    /// How many backfills there are.
    pub backfills: u64,
    /// How many sets of keys of partitions there are.
    pub key_sets: u64,
    /// How many assets are known.
    pub assets: u64,
    /// How many bytes the files of assets have.
    pub asset_bytes: u64,
    /// How many bytes the list has, with what is known of assets.
    pub list_bytes: u64,
    /// How many of these nothing uses any more; [`Folder::compact`] gives them back once they are most of it.
    pub unused_bytes: u64,
    /// How many bytes all its files have.
    pub bytes: u64,
}

impl Folder {
    /// What there is to know of the folder at a glance.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn info(&self) -> Result<Info, StorageError> {
        let path = self.path().to_owned();
        let size = |path: &Path| size(path).map_err(|error| error::machine(path, "read", &error));
        let (bytes, asset_bytes) = (size(&path)?, size(&path.join(ASSETS))?);
        let room = self.list().room()?;
        Ok(Info {
            list_bytes: room.all,
            unused_bytes: room.unused,
            path,
            durability: self.durability(),
            list_version: schema::INSTANCE.steps.len(),
            run_version: schema::RUN.steps.len(),
            sqlite: rusqlite::version().to_owned(),
            runs: self.list().count()?,
            backfills: self.backfills_there()?.len() as u64,
            key_sets: self.key_sets()?.iter().count() as u64,
            assets: self.list().asset_count()?,
            asset_bytes,
            bytes,
        })
    }
}

/// How many bytes the files of a folder have, with those of the folders in it.
pub(super) fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    each_file(folder, &mut |_, file| {
        bytes += file;
        Ok(())
    })?;
    Ok(bytes)
}

/// Calls `each` for all files below a folder, with their sizes. What is gone when its turn comes is passed over.
pub(super) fn each_file(folder: &Path, each: &mut dyn FnMut(&Path, u64) -> io::Result<()>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => each_file(&path, each)?,
            Ok(found) => each(&path, found.len())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
