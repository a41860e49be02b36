//! DataFrames for orch: values that travel between the steps of a job, and rest as files.
//!
//! | to | use |
//! |---|---|
//! | pass a frame from op to op | nothing: `DataFrame` is cheap to clone, its columns are shared |
//! | store what an op returns | [`ParquetIo`] or a sibling, registered under a key that the op names: `#[op(io = "parquet")]` |
//! | say what columns a frame has | [`schema!`] and [`Frame`] |
//! | check frames: nulls, duplicates, ranges, numbers of rows, schemas | [`checks`] |
//! | say that there may be no frame | `Option<DataFrame>`: `None` is stored as no file |
//! | take many partitions of an asset as one frame, and read only some of their files | `#[stored(together)]` before the parameter |
//! | read some columns of what an asset has stored | `#[stored(columns = [..])]` before the parameter |
//! | pass and store what does not fit into memory | `LazyFrame`, or `Lazy<S>` with declared columns, with the feature `lazy` |
//! | read a CSV file in an op | [`read_csv()`] |
//! | read or write one Parquet file in an op | [`read_parquet`], [`write_parquet`] |
//!
//! # Features, and what they cost
//!
//! Polars itself is [`polars`], re-exported so that a program shares this crate's version of it. It is most of what is
//! compiled, so little of it is asked for. Crates to compile when this was written, of which the defaults have 205:
//!
//! | feature | gives | crates |
//! |---|---|---|
//! | `parquet`, default | [`ParquetIo`], [`read_parquet`], [`write_parquet`] | |
//! | `csv`, default | [`CsvIo`], [`read_csv()`] | none more |
//! | `ipc` | `IpcIo` | none more |
//! | `json` | `NdjsonIo` | 8 more |
//! | `lazy` | `LazyFrame` as a value | 102 more: two engines, and an HTTP client that polars brings along |
//! | `objects` | `ParquetIo::in_store` and the same of its siblings | 35 more |
//! | `s3`, `gcs`, `azure` | `ParquetIo::new("s3://bucket/prefix")` and the like | 72 more, with `lazy` 6 |
//!
//! What they are today says
//!
//! ```text
//! cargo tree -p orch-polars -e normal,build --prefix none --features lazy | sed 's/ (.*//' | sort -u | wc -l
//! ```
//!
//! A program that wants more of polars depends on it with the features it wants, and as long as the version is the same
//! the types stay the same.

#![cfg_attr(
    not(all(feature = "csv", feature = "parquet")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the map of the crate names what its default features have"
    )
)]

pub use polars;
pub use polars::frame::DataFrame;

pub mod checks;
pub mod format;
pub mod schema;

mod manager;

mod describe;
mod file;
mod place;
#[cfg(feature = "csv")]
mod read_csv;

#[cfg(test)]
mod tests;

#[cfg(feature = "parquet")]
pub use file::{read_parquet, write_parquet};
pub use manager::{FrameIo, RegisterFrames};
#[cfg(feature = "csv")]
pub use read_csv::read_csv;
pub use schema::Frame;
#[cfg(feature = "lazy")]
pub use schema::Lazy;

/// Stores frames as Parquet files.
///
/// ```
/// use orch_core::run::Definitions;
/// use orch_polars::{ParquetIo, RegisterFrames as _};
///
/// let definitions = Definitions::new().frames("parquet", ParquetIo::new("target/frames"));
/// ```
#[cfg(feature = "parquet")]
pub type ParquetIo = FrameIo<format::Parquet>;

/// Stores frames as Arrow IPC files, also known as Feather.
#[cfg(feature = "ipc")]
pub type IpcIo = FrameIo<format::Ipc>;

/// Stores frames as CSV files.
#[cfg(feature = "csv")]
pub type CsvIo = FrameIo<format::Csv>;

/// Stores frames as NDJSON files.
#[cfg(feature = "json")]
pub type NdjsonIo = FrameIo<format::Ndjson>;
