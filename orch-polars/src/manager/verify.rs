//! Whether a file keeps what was stored.

use orch_core::failure::{Failure, Result};
use polars::frame::DataFrame;
use polars::prelude::Column;

/// Compares a frame with what was read of its file.
///
/// # Errors
/// If they differ; each column that does is named.
pub(super) fn verify(frame: &DataFrame, back: &DataFrame) -> Result<()> {
    let mut lost = Vec::new();
    if frame.height() != back.height() {
        lost.push(format!("its rows: there are {} instead of {}", back.height(), frame.height()));
    }
    lost.extend(frame.columns().iter().filter_map(|column| loss(column, back)));
    if lost.is_empty() {
        return Ok(());
    }
    let lines: String = lost.iter().map(|lost| format!("\n  - {lost}")).collect();
    let failure = Failure::new(format!("the format does not keep all of the frame:{lines}"));
    Err(failure.hint("store it in a format that keeps all types, such as Parquet").not_retryable())
}

fn loss(column: &Column, back: &DataFrame) -> Option<String> {
    let (name, dtype) = (column.name(), column.dtype());
    match back.column(name) {
        Err(_) => Some(format!("the column `{name}`")),
        Ok(read) if read.dtype() != dtype => {
            Some(format!("the type of `{name}`: {} for {dtype}", read.dtype()))
        }
        Ok(read) if read.len() == column.len() && !read.equals_missing(column) => {
            Some(format!("values of `{name}`"))
        }
        Ok(_) => None,
    }
}
