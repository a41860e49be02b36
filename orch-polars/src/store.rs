//! The IO manager for frames.

use std::path::{Path, PathBuf};

use orch_core::failure::Result;
use orch_core::io::{IoManager, Metadata, OutputAt};
use polars::frame::DataFrame;

use crate::parquet::{read_parquet, write_parquet};

/// Stores DataFrames as Parquet files below a folder: `run/step/key/output.parquet`.
///
/// A file is on disk as a whole before the step's success is told, so a run that goes on after a crash finds either a
/// complete file or none. The folder is made when the first frame is stored.
///
/// The events of a run tell each file's path, its size in bytes, and the frame's rows and columns.
///
/// ```
/// use orch_core::run::Definitions;
/// use orch_polars::ParquetIo;
///
/// let definitions = Definitions::new().io("parquet", ParquetIo::new("target/frames"));
/// ```
#[derive(Clone, Debug)]
pub struct ParquetIo {
    folder: PathBuf,
}

impl ParquetIo {
    /// A store in `folder`; a relative path starts at the program's present folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of an output.
    #[must_use]
    pub fn path(&self, at: &OutputAt<'_>) -> PathBuf {
        // Not `with_extension`, which would cut a name at its last dot.
        self.folder.join(at.relative_path() + ".parquet")
    }
}

impl IoManager<DataFrame> for ParquetIo {
    fn store(&self, at: &OutputAt<'_>, frame: &DataFrame) -> Result<Metadata> {
        let path = self.path(at);
        let bytes = write_parquet(frame, &path)?;
        Ok(Metadata::from([
            ("path".to_owned(), path.display().to_string().into()),
            ("bytes".to_owned(), bytes.into()),
            ("rows".to_owned(), frame.height().into()),
            ("columns".to_owned(), frame.width().into()),
        ]))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<DataFrame> {
        read_parquet(self.path(at))
    }
}
