//! The file of an output: written, read, removed.

use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use orch_core::failure::Result;
use orch_core::io::{Metadata, OutputAt};
use polars::frame::DataFrame;
use polars::prelude::SchemaRef;

use super::FrameIo;
use super::hashing::Hashing;
use super::stamp::{stamp, told_of_nothing};
use super::verify::verify;
use crate::file::{cannot, decode, encode, missing};
use crate::format::{Format, Wanted};

impl<F: Format> FrameIo<F> {
    /// The folder, or the URL of the place in an object store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of an output. That of a partition of an asset lies in a folder of its own, `sales/partition=2024-01-31`, as
    /// Hive's do, or in one for each dimension, `sales/day=2024-01-31/region=eu`: what reads such folders, polars among them,
    /// takes these for columns.
    #[must_use]
    pub fn path(&self, at: &OutputAt<'_>) -> PathBuf {
        let within = if at.asset.is_some_and(|asset| asset.partition.is_some()) { "/data" } else { "" };
        // Not `with_extension`, which would cut a name at its last dot.
        self.folder.join(format!("{}{within}.{}", at.relative_path(), F::EXTENSION))
    }

    pub(super) fn write(
        &self,
        at: &OutputAt<'_>,
        frame: &DataFrame,
        types: Option<&SchemaRef>,
    ) -> Result<Metadata> {
        let path = self.path(at);
        let (described, written) = thread::scope(|scope| {
            let mut describing = None;
            let written = self.place.replace(&path, |file, temporary| {
                let mut hashing = Hashing::new(at, file)?;
                encode(&self.format, frame, &mut hashing)?;
                if self.verify {
                    let wanted = Wanted { types, columns: &[] };
                    verify(frame, &decode(&self.format, File::open(temporary)?, temporary, &wanted)?)?;
                }
                // While the file is brought to disk.
                let describe = || self.describe.frame(frame);
                describing = thread::Builder::new().spawn_scoped(scope, describe).ok();
                Ok((file.metadata()?.len(), hashing))
            });
            let described = describing.map(|described| described.join());
            (described.map(|described| described.unwrap_or_else(|panic| resume_unwind(panic))), written)
        });
        let ((bytes, hashing), mark) = written.map_err(|failure| cannot("write", &path, failure))?;
        let mut metadata = described.unwrap_or_else(|| self.describe.frame(frame));
        metadata.extend(about(&path, bytes));
        metadata.extend(hashing.data_version());
        stamp(at, &mark, &mut metadata);
        Ok(metadata)
    }

    /// Leaves no file, so that an earlier attempt's is not taken for the value.
    pub(super) fn write_nothing(&self, at: &OutputAt<'_>) -> Result<Metadata> {
        let path = self.path(at);
        self.place.remove(&path).map_err(|failure| cannot("remove", &path, failure))?;
        let place = ("path".to_owned(), path.display().to_string().into());
        let mut metadata = Metadata::from([place, ("missing".to_owned(), true.into())]);
        metadata.extend(told_of_nothing(at));
        Ok(metadata)
    }

    pub(super) fn read(&self, at: &OutputAt<'_>, types: Option<&SchemaRef>) -> Result<DataFrame> {
        let path = self.path(at);
        let file = self.open(&path)?.ok_or_else(|| missing(&path))?;
        decode(&self.format, file, &path, &Wanted { types, columns: at.columns })
    }

    /// `None` if there is no file.
    pub(super) fn read_if_there(
        &self,
        at: &OutputAt<'_>,
        types: Option<&SchemaRef>,
    ) -> Result<Option<DataFrame>> {
        let path = self.path(at);
        let wanted = Wanted { types, columns: at.columns };
        self.open(&path)?.map(|file| decode(&self.format, file, &path, &wanted)).transpose()
    }

    pub(super) fn open(&self, path: &Path) -> Result<Option<File>> {
        self.place.open(path).map_err(|failure| cannot("read", path, failure))
    }
}

/// What is told of every file.
pub(super) fn about(path: &Path, bytes: u64) -> Metadata {
    Metadata::from([
        ("path".to_owned(), path.display().to_string().into()),
        ("bytes".to_owned(), bytes.into()),
    ])
}
