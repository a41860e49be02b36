//! Frames that are never in memory as a whole.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use orch_core::failure::{Failure, Result};
use orch_core::io::{IoManager, Metadata, OutputAt};
use polars::prelude::{
    Engine, LazyFrame, PlRefPath, ScanSources, SinkDestination, SinkTarget, UnifiedSinkArgs, col,
};

use super::FrameIo;
use super::file::{about, data_version};
use crate::file::{cannot, missing};
use crate::format::Format;

/// Stored, the plan is executed by polars' streaming engine, batch by batch into the file. Loaded, it is the plan of a
/// scan: columns that nobody asks for and rows that a filter leaves out are not read, as far as the format allows that.
///
/// The scan holds the file open. If another file takes its place while the plan is around, it still reads the one that it
/// was loaded from. It is read at each collect; who collects twice should collect once and share the `DataFrame`.
///
/// Steps are handed values in memory, so a step of the same run that takes the `LazyFrame` is given the plan that the op
/// returned, not the file, and executes it once more. Where that costs too much, return a `DataFrame`.
impl<F: Format> IoManager<LazyFrame> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &LazyFrame) -> Result<Metadata> {
        self.sink(at, frame)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<LazyFrame> {
        let path = self.path(at);
        let file = self.open(&path)?.ok_or_else(|| missing(&path))?;
        self.scan(file, &path, at)
    }

    fn takes_columns(&self) -> bool {
        true
    }
}

impl<F: Format> IoManager<Option<LazyFrame>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Option<LazyFrame>) -> Result<Metadata> {
        match frame {
            Some(frame) => self.sink(at, frame),
            None => self.write_nothing(at),
        }
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<LazyFrame>> {
        let path = self.path(at);
        self.open(&path)?.map(|file| self.scan(file, &path, at)).transpose()
    }

    fn takes_columns(&self) -> bool {
        true
    }
}

impl<F: Format> FrameIo<F> {
    fn sink(&self, at: &OutputAt<'_>, frame: &LazyFrame) -> Result<Metadata> {
        let path = self.path(at);
        let sunk = self.place.replace(&path, |file, temporary| {
            let mut plan = frame.clone();
            let columns = plan.collect_schema()?;
            let target = SinkTarget::Path(PlRefPath::try_from_path(temporary)?);
            plan.sink(SinkDestination::File { target }, self.format.sink(), UnifiedSinkArgs::default())?
                .collect_with_engine(Engine::Streaming)?;
            let index = self.format.index(file.try_clone()?)?;
            let mut metadata = self.describe.file(&columns, index);
            metadata.extend(about(&path, file.metadata()?.len()));
            metadata.extend(data_version(at, temporary)?);
            Ok(metadata)
        });
        sunk.map_err(|failure| cannot("write", &path, failure))
    }

    fn scan(&self, file: File, path: &Path, at: &OutputAt<'_>) -> Result<LazyFrame> {
        let scanned = self.format.scan(ScanSources::Files(Arc::new([file])));
        let scanned = scanned.map(|frame| match at.columns {
            [] => frame,
            columns => frame.select(columns.iter().map(col).collect::<Vec<_>>()),
        });
        scanned.map_err(|error| cannot("read", path, Failure::from(error)).not_retryable())
    }
}
