//! DataFrames for orch: values that travel between the steps of a job, and rest as Parquet files.
//!
//! | to | use |
//! |---|---|
//! | pass a frame from op to op | nothing: `DataFrame` is cheap to clone, its columns are shared |
//! | store what an op returns | [`ParquetIo`], registered under a key that the op names: `#[op(io = "parquet")]` |
//! | read a CSV file in an op | [`read_csv()`] |
//! | read or write one Parquet file in an op | [`read_parquet`], [`write_parquet`] |
//!
//! Polars itself is [`polars`], re-exported so that a program shares this crate's version of it. It is built without
//! its lazy engine, which would double the time to compile; a program that wants more of polars depends on it with the
//! features it wants, and as long as the version is the same the types stay the same.

pub use polars;
pub use polars::frame::DataFrame;

mod folder;
mod parquet;
mod read_csv;
mod store;

#[cfg(test)]
mod tests;

pub use parquet::{read_parquet, write_parquet};
pub use read_csv::read_csv;
pub use store::ParquetIo;
