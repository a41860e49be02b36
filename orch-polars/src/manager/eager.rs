//! Frames in memory.

use std::sync::Arc;

use orch_core::failure::Result;
use orch_core::io::{IoManager, Metadata, OutputAt};
use polars::frame::DataFrame;

use super::FrameIo;
use super::together::join;
use crate::file::cannot;
use crate::format::Format;
use crate::schema::{Frame, FrameSchema};

impl<F: Format> IoManager<DataFrame> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &DataFrame) -> Result<Metadata> {
        self.write(at, frame, None)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<DataFrame> {
        self.read(at, None)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<DataFrame> {
        join(self.find_all(at, self.reader(at, None)?)?, None)
    }

    of_every_frame!();
}

impl<F: Format> IoManager<Option<DataFrame>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Option<DataFrame>) -> Result<Metadata> {
        match frame {
            Some(frame) => self.write(at, frame, None),
            None => self.write_nothing(at),
        }
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<DataFrame>> {
        self.read_if_there(at, None)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Option<DataFrame>> {
        self.find_some(at, self.reader(at, None)?)?.map(|found| join(found, None)).transpose()
    }

    of_every_frame!();
}

impl<F: Format, S: FrameSchema> IoManager<Frame<S>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Frame<S>) -> Result<Metadata> {
        self.write(at, frame, Some(&types::<S>()))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Frame<S>> {
        let frame = self.read(at, Some(&types::<S>()))?;
        self.checked(at, frame)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Frame<S>> {
        let declared = S::schema();
        let found = self.find_all(at, self.reader(at, Some(&declared))?)?;
        Frame::checked(join(found, Some(&declared))?)
    }

    of_every_frame!();
}

impl<F: Format, S: FrameSchema> IoManager<Option<Frame<S>>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Option<Frame<S>>) -> Result<Metadata> {
        match frame {
            Some(frame) => self.write(at, frame, Some(&types::<S>())),
            None => self.write_nothing(at),
        }
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<Frame<S>>> {
        let frame = self.read_if_there(at, Some(&types::<S>()))?;
        frame.map(|frame| self.checked(at, frame)).transpose()
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Option<Frame<S>>> {
        let declared = S::schema();
        let found = self.find_some(at, self.reader(at, Some(&declared))?)?;
        found.map(|found| Frame::checked(join(found, Some(&declared))?)).transpose()
    }

    of_every_frame!();
}

impl<F: Format> FrameIo<F> {
    fn checked<S: FrameSchema>(&self, at: &OutputAt<'_>, frame: DataFrame) -> Result<Frame<S>> {
        let path = self.path(at);
        Frame::checked(frame).map_err(|failure| cannot("load", &path, failure))
    }
}

/// The types that `S` declares.
pub(super) fn types<S: FrameSchema>() -> polars::prelude::SchemaRef {
    Arc::new(S::schema().types())
}
