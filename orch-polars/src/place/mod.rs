//! Where the files of a manager are.

pub(crate) mod folder;
#[cfg(feature = "objects")]
mod objects;

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(not(feature = "objects"))]
use orch_core::failure::Failure;
use orch_core::failure::Result;

#[cfg(feature = "objects")]
pub(crate) use objects::Objects;

/// A place with files, each with a name parted by `/`.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On a disk.
    Folder,
    /// In an object store.
    #[cfg(feature = "objects")]
    Objects(Objects),
    /// In an object store, of which this build knows none.
    #[cfg(not(feature = "objects"))]
    Unknown,
}

impl Place {
    /// What has a scheme is an object store, all else a folder.
    pub(crate) fn new(place: &Path) -> Self {
        match place.to_str() {
            #[cfg(feature = "objects")]
            Some(url) if url.contains("://") => Self::Objects(Objects::at(url)),
            #[cfg(not(feature = "objects"))]
            Some(url) if url.contains("://") => Self::Unknown,
            _ => Self::Folder,
        }
    }

    /// Puts a file in place as a whole, and gives its mark. `write` fills one that is given to it, open and empty, with its path.
    pub(crate) fn replace<T>(
        &self,
        path: &Path,
        write: impl FnOnce(&File, &Path) -> Result<T>,
    ) -> Result<(T, String)> {
        match self {
            Self::Folder => folder::replace(path, write),
            #[cfg(feature = "objects")]
            Self::Objects(objects) => objects.replace(path, write),
            #[cfg(not(feature = "objects"))]
            Self::Unknown => Err(unknown()),
        }
    }

    /// What tells the file that lies there from any other one that is put in its place, without reading it; empty where nothing
    /// does, `None` if there is no file.
    pub(crate) fn mark(&self, path: &Path) -> Result<Option<String>> {
        match self {
            Self::Folder => Ok(folder::mark_of(path)?),
            #[cfg(feature = "objects")]
            Self::Objects(objects) => objects.mark(path),
            #[cfg(not(feature = "objects"))]
            Self::Unknown => Err(unknown()),
        }
    }

    /// Opens a file to read it, `None` if there is none.
    pub(crate) fn open(&self, path: &Path) -> Result<Option<File>> {
        match self {
            Self::Folder => match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                opened => Ok(opened.map(Some)?),
            },
            #[cfg(feature = "objects")]
            Self::Objects(objects) => objects.open(path),
            #[cfg(not(feature = "objects"))]
            Self::Unknown => Err(unknown()),
        }
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, path: &Path) -> Result<()> {
        match self {
            Self::Folder => Ok(folder::remove(path)?),
            #[cfg(feature = "objects")]
            Self::Objects(objects) => objects.remove(path),
            #[cfg(not(feature = "objects"))]
            Self::Unknown => Err(unknown()),
        }
    }
}

#[cfg(not(feature = "objects"))]
fn unknown() -> Failure {
    Failure::new("this program was built without object stores")
        .hint("build `orch-polars` with the feature `s3`, `gcs` or `azure`, or name a folder")
        .not_retryable()
}
