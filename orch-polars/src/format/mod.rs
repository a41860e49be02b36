//! The formats: how a frame becomes the bytes of a file, and comes back. All have the same parts in the same order.

#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "ipc")]
mod ipc;
#[cfg(feature = "json")]
mod ndjson;
#[cfg(feature = "parquet")]
mod parquet;

use std::fmt;
use std::io::Write;

use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::mmap::MmapBytesReader;
use polars::prelude::{DataType, SchemaRef};
#[cfg(feature = "lazy")]
use polars::prelude::{FileWriteFormat, LazyFrame, ScanSources};

#[cfg(feature = "csv")]
pub use csv::Csv;
#[cfg(feature = "ipc")]
pub use ipc::Ipc;
#[cfg(feature = "json")]
pub use ndjson::Ndjson;
#[cfg(feature = "parquet")]
pub use parquet::Parquet;

/// A format of files of frames, with its options: what one [`FrameIo`](crate::FrameIo) has that another has not.
///
/// Which there are is this crate's to say; none can be added from outside.
pub trait Format: sealed::Sealed + Clone + fmt::Debug + Default + Send + Sync + 'static {
    /// What such a file is called in messages.
    const NAME: &'static str;

    /// How the name of such a file ends, without the dot.
    const EXTENSION: &'static str;

    /// Whether a scan reads parts of a file, told by its own index: of columns and rows that nobody asks for nothing.
    #[cfg(feature = "lazy")]
    const IN_PARTS: bool;

    /// Writes the whole of `frame`, whose chunks may be merged for it.
    ///
    /// # Errors
    /// If a column has a type that the format does not know, or the bytes cannot be written.
    fn write(&self, frame: &mut DataFrame, to: impl Write) -> PolarsResult<()>;

    /// Reads a frame as it is `wanted`. Formats that keep no types take those that are told for the columns of that name.
    ///
    /// # Errors
    /// If the bytes are not of the format, or are cut short, or not what is told of their types, or lack a column.
    fn read(&self, from: impl MmapBytesReader, wanted: &Wanted<'_>) -> PolarsResult<DataFrame>;

    /// How polars' streaming engine is told to write the format.
    #[cfg(feature = "lazy")]
    fn sink(&self) -> FileWriteFormat;

    /// A frame that is read when it is collected, and of that only what is asked for. Formats that keep no types take those that
    /// are told for the columns of that name.
    ///
    /// # Errors
    /// If the source cannot be opened, where the format asks that before it is read.
    #[cfg(feature = "lazy")]
    fn scan(&self, source: ScanSources, types: Option<&SchemaRef>) -> PolarsResult<LazyFrame>;
}

/// What is wanted of a frame that is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The types of columns, as far as they are known.
    pub(crate) types: Option<&'a SchemaRef>,
    /// The columns, in this order; all if none are named.
    pub(crate) columns: &'a [String],
}

impl Wanted<'_> {
    /// The columns as polars takes them.
    fn names(&self) -> Option<Vec<String>> {
        (!self.columns.is_empty()).then(|| self.columns.to_vec())
    }

    /// The same frame with the columns in the order in which they are wanted, and without others.
    ///
    /// # Errors
    /// If it lacks one.
    fn of(&self, frame: DataFrame) -> PolarsResult<DataFrame> {
        if self.columns.is_empty() { Ok(frame) } else { frame.select(self.columns) }
    }
}

/// The types of those columns that can be had from text. Of a time of the day polars reads no fractions of seconds, and in
/// JSON nothing at all; such a column stays text.
#[cfg(any(feature = "csv", feature = "json"))]
fn textual(types: &SchemaRef) -> SchemaRef {
    let kept = types.iter().filter(|(_, dtype)| **dtype != DataType::Time);
    SchemaRef::new(kept.map(|(name, dtype)| (name.clone(), dtype.clone())).collect())
}

mod sealed {
    pub trait Sealed {}
}
