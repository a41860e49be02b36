//! One Parquet file.

use std::fs::File;
use std::io;
use std::path::Path;

use orch_core::failure::{Failure, Result};
use polars::frame::DataFrame;
use polars::io::SerReader as _;
use polars::prelude::{ParquetReader, ParquetWriter};

use crate::folder;

/// Writes `frame` to a Parquet file and returns the file's size in bytes. Folders above it that are missing are made.
///
/// The file is there as a whole or not at all, also after a crash: a frame is written beside it first, and renamed into
/// place once it is on disk. A file of that name is replaced.
///
/// # Errors
/// If the file or its folder cannot be written. What was there before is then unchanged.
///
/// ```
/// use orch_polars::polars::df;
/// use orch_polars::{read_parquet, write_parquet};
///
/// # fn main() -> orch_core::failure::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("orch-polars-{}", std::process::id()));
/// let path = folder.join("starters.parquet");
/// let starters = df!("name" => ["Bulbasaur", "Charmander"], "type2" => [Some("poison"), None])?;
/// write_parquet(&starters, &path)?;
/// assert!(read_parquet(&path)?.equals_missing(&starters));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
pub fn write_parquet(frame: &DataFrame, path: impl AsRef<Path>) -> Result<u64> {
    write(frame, path.as_ref()).map_err(|failure| failure.context(cannot("write", path.as_ref())))
}

fn write(frame: &DataFrame, path: &Path) -> Result<u64> {
    let mut bytes = 0;
    folder::replace(path, |file| {
        // The writer wants to merge the frame's chunks in place; a clone shares the columns and copies no data.
        bytes = ParquetWriter::new(file).finish(&mut frame.clone())?;
        Ok(())
    })?;
    Ok(bytes)
}

/// Reads a Parquet file as a whole.
///
/// # Errors
/// If there is no such file, or it is no Parquet file, or one that was cut short.
///
/// ```
/// let failure = orch_polars::read_parquet("nowhere.parquet").unwrap_err();
/// assert_eq!(failure.to_string(), "cannot read `nowhere.parquet`");
/// ```
pub fn read_parquet(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let failure = Failure::from(error).context(cannot("read", path));
        if missing { failure.hint("was it moved or deleted since it was written?") } else { failure }
    })?;
    ParquetReader::new(file).finish().map_err(|error| {
        Failure::from(error)
            .context(cannot("read", path))
            .hint("is it a Parquet file, and complete? one written by orch always is")
            .not_retryable()
    })
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} `{}`", path.display())
}
