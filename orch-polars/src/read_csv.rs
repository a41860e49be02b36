//! One CSV file.

use std::path::Path;

use orch_core::failure::{Failure, Result};
use polars::frame::DataFrame;
use polars::io::SerReader as _;
use polars::prelude::CsvReadOptions;

/// Reads a CSV file with a header line. An empty field is a null.
///
/// The type of a column is inferred from all of its rows, not from the first few: a column of numbers with one text in
/// row 700 is a column of text.
///
/// # Errors
/// If the file is not there, or is no CSV of UTF-8 text.
///
/// ```
/// # fn main() -> orch_core::failure::Result<()> {
/// # let path = std::env::temp_dir().join(format!("orch-polars-{}.csv", std::process::id()));
/// std::fs::write(&path, "name,capture_rate\nPikachu,190\nMinior,30 or 255\n")?;
/// let dex = orch_polars::read_csv(&path)?;
/// assert_eq!(dex.shape(), (2, 2));
/// assert!(dex.column("capture_rate")?.dtype().is_string());
/// # std::fs::remove_file(path)?;
/// # Ok(())
/// # }
/// ```
pub fn read_csv(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let cannot = |failure: Failure| failure.context(format!("cannot read `{}`", path.display()));
    // Polars would take `*` and `?` in the path for patterns, and words its errors accordingly; a path here is one file.
    let file = std::fs::File::open(path).map_err(|error| {
        cannot(error.into()).hint(format!("relative paths start at {}", present_folder()))
    })?;
    CsvReadOptions::default()
        .with_infer_schema_length(None)
        .into_reader_with_file_handle(file)
        .finish()
        .map_err(|error| cannot(error.into()).not_retryable())
}

fn present_folder() -> String {
    std::env::current_dir()
        .map_or_else(|_| "the present folder".to_owned(), |path| format!("`{}`", path.display()))
}
