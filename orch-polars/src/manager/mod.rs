//! The IO managers: one for all formats.

/// What an IO manager of frames says of itself, whichever frames these are.
macro_rules! of_every_frame {
    () => {
        fn look(
            &self,
            at: &orch_core::io::OutputAt<'_>,
            stamp: &str,
        ) -> orch_core::failure::Result<orch_core::io::Found> {
            self.find_stored(at, stamp)
        }

        fn takes_columns(&self) -> bool {
            true
        }

        fn takes_partitions(&self) -> bool {
            true
        }

        fn keeps_runs_apart(&self) -> bool {
            true
        }
    };
}

mod build;
mod eager;
mod file;
mod hashing;
#[cfg(feature = "lazy")]
mod lazy;
#[cfg(feature = "lazy")]
mod nulls;
mod register;
mod stamp;
mod together;
mod verify;

use std::path::PathBuf;

use crate::describe::Describe;
use crate::format::Format;
use crate::place::Place;

pub use register::RegisterFrames;

/// Stores frames as files below a folder, `run/step/key/output.parquet`, in one of the formats:
///
/// | | file | what it is for |
/// |---|---|---|
/// | [`ParquetIo`](crate::ParquetIo) | `.parquet` | the one to choose: small, keeps all types, others read it too |
#[cfg_attr(
    feature = "ipc",
    doc = "| [`IpcIo`](crate::IpcIo) | `.arrow` | quicker and larger, keeps all types |"
)]
#[cfg_attr(
    feature = "csv",
    doc = "| [`CsvIo`](crate::CsvIo) | `.csv` | for people and other programs; keeps no types |"
)]
#[cfg_attr(
    feature = "json",
    doc = "| [`NdjsonIo`](crate::NdjsonIo) | `.ndjson` | for other programs; keeps the types of JSON |"
)]
///
/// What an op returns decides what is stored, and one manager stores all of it:
///
/// | an op returns | stored is | and loaded |
/// |---|---|---|
/// | `DataFrame` | the frame | the whole of it |
/// | [`Frame<S>`](crate::Frame) | the frame, which has the columns of `S` | the whole of it, if it has the columns of `S` |
/// | `LazyFrame` (feature `lazy`) | what it comes to, written batch by batch and never whole in memory | a scan, which reads what is asked for |
/// | `Lazy<S>` (feature `lazy`) | the same, if it has the columns of `S` | a scan, if it has the columns of `S` |
/// | `Option` of one of these | the same, or no file | `None` if there is no file |
///
/// Partitions of an asset are taken by key, or together as one of these, `#[stored(together)] sales: LazyFrame`: the files below each
/// other, with a column for each dimension of the partitions, `partition` where there is but one, which has no name. It is
/// a text, as keys are; those of days and months compare as these do. Of a `LazyFrame` a filter of such a column keeps files from
/// being read that have other partitions. All files have the same columns, and none has that of a dimension; a [`Frame<S>`](crate::Frame) has of
/// the dimensions those that `S` declares, and is checked file by file.
///
/// They share the file: what was stored as one is loaded as another. [`RegisterFrames::frames`] registers a manager for
/// all of them at once, except that each `S` has a line of its own.
///
/// A file is on disk as a whole before the step's success is told, so a run that goes on after a crash finds either a
/// complete file or none. The folder is made when the first frame is stored.
///
/// In an object store a frame is put as one object, which is there as a whole or not at all. It is a temporary file on its
/// way in either direction, but a `LazyFrame` of Parquet or Arrow IPC fetches of an object what a plan needs.
///
/// # Metadata
///
/// The event [`HandledOutput`](orch_core::event::EventKind::HandledOutput) of a stored frame has
///
/// | name | value |
/// |---|---|
/// | `path` | the file |
/// | `bytes` | its size |
/// | `rows`, `columns` | how many |
/// | `schema` | for each column `{name, dtype}`, types in the short names of polars: `i64`, `str`, `date` |
/// | `statistics` | for each column `{name, nulls, min, max}`; the last two for numbers, dates and times, and texts |
/// | `sample` | the first rows, each an object; see [`sample`](Self::sample) |
/// | `missing` | `true`, and of the above only `path`, if an `Option` was `None` |
///
/// All of it is told of the frame in memory, of a `LazyFrame` of its parts on their way into the file; nothing is read for it.
/// Of a frame of more than 100 columns statistics and samples have the first 100.
/// What is no finite number is a text, and long texts and lists are cut.
///
/// These are values of the data, and whoever may see the run's events sees them. For frames with what not everybody may
/// see: `.sample(0).statistics(false)`.
#[derive(Clone, Debug)]
pub struct FrameIo<F> {
    folder: PathBuf,
    place: Place,
    format: F,
    describe: Describe,
    /// Whether what was written is read again.
    verify: bool,
}

impl<F: Format> FrameIo<F> {
    /// A store in `folder`; a relative path starts at the program's present folder.
    ///
    /// With the feature `s3`, `gcs` or `azure` it may be a place in an object store: `s3://bucket/prefix`,
    /// `gs://bucket/prefix`, `az://container/prefix`. Credentials and endpoints come from the environment by the usual
    /// names, such as `AWS_ACCESS_KEY_ID` and `AWS_ENDPOINT`, when it is first used.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            place: Place::new(&folder),
            folder,
            format: F::default(),
            describe: Describe { sample: 5, statistics: true },
            verify: false,
        }
    }

    /// A store in a part of an object store, which needs no credentials of the environment. Paths begin with `prefix`.
    #[cfg(feature = "objects")]
    #[must_use]
    pub fn in_store(store: std::sync::Arc<dyn object_store::ObjectStore>, prefix: &str) -> Self {
        let place = Place::Objects(crate::place::Objects::within(store, prefix));
        Self { place, ..Self::new(prefix) }
    }
}
