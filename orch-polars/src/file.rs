//! One file of a frame.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use orch_core::failure::{Failure, Result};
#[cfg(feature = "lazy")]
use orch_core::ids::nearest;
use polars::error::PolarsError;
use polars::frame::DataFrame;

use crate::format::{Format, Wanted};
use crate::place::folder;

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
#[cfg(feature = "parquet")]
pub fn write_parquet(frame: &DataFrame, path: impl AsRef<Path>) -> Result<u64> {
    let path = path.as_ref();
    let format = crate::format::Parquet::default();
    folder::replace(path, |file, _| encode(&format, frame, file).and_then(|()| Ok(file.metadata()?.len())))
        .map(|(bytes, _)| bytes)
        .map_err(|failure| cannot("write", path, failure))
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
#[cfg(feature = "parquet")]
pub fn read_parquet(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        _ => cannot("read", path, error.into()),
    })?;
    decode(&crate::format::Parquet::default(), file, path, &Wanted::default())
}

/// Writes the whole of a frame.
pub(crate) fn encode<F: Format>(format: &F, frame: &DataFrame, to: impl Write) -> Result<()> {
    // Writers want to merge the frame's chunks in place; a clone shares the columns and copies no data.
    Ok(format.write(&mut frame.clone(), to)?)
}

/// Reads a frame from a file; `path` is what messages call it.
pub(crate) fn decode<F: Format>(
    format: &F,
    file: File,
    path: &Path,
    wanted: &Wanted<'_>,
) -> Result<DataFrame> {
    format.read(file, wanted).map_err(|error| unreadable::<F>(path, error))
}

/// The file is there, and cannot be read.
pub(crate) fn unreadable<F: Format>(path: &Path, error: PolarsError) -> Failure {
    let hint = match error {
        PolarsError::ColumnNotFound(_) => "are these the columns that it was written with?".to_owned(),
        _ => format!(
            "is it of the format of a {}, and complete? one written by orch always is: have it made anew, or put back",
            F::NAME
        ),
    };
    cannot("read", path, error.into()).hint(hint).not_retryable()
}

/// So many columns are named of a file that lacks one.
#[cfg(feature = "lazy")]
const NAMED: usize = 20;

/// The file is there, and has no column of this name, but these.
#[cfg(feature = "lazy")]
pub(crate) fn lacks_column(path: &Path, name: &str, there: &[&str]) -> Failure {
    let mut named: Vec<_> = there.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    if let more @ 1.. = there.len().saturating_sub(NAMED) {
        named.push(format!("and {more} more"));
    }
    let message = match named.as_slice() {
        [] => format!("there is no column `{name}`, nor any other"),
        named => format!("there is no column `{name}`, but {}", named.join(", ")),
    };
    let hint = match nearest(name, there.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "are these the columns that it was written with?".to_owned(),
    };
    cannot("read", path, Failure::new(message)).hint(hint).not_retryable()
}

/// There is no such file.
pub(crate) fn missing(path: &Path) -> Failure {
    let failure = cannot("read", path, io::Error::from(io::ErrorKind::NotFound).into());
    failure.hint("was it moved or deleted since it was written?")
}

pub(crate) fn cannot(what: &str, path: &Path, failure: Failure) -> Failure {
    failure.context(format!("cannot {what} `{}`", path.display()))
}
