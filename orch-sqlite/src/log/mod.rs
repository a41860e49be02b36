//! The log of a run: `run.db`.

mod extent;
mod make;
mod read;
mod rows;
mod write;

use std::path::{Path, PathBuf};

use orch_core::ids::RunId;

use crate::schema::{Opened, RUN};

pub(crate) use make::make;
pub(crate) use read::Reader;
pub(crate) use write::Writer;

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("run.db")
}

/// Whether this may be a run of which something is known: it has events, or cannot be read.
pub(crate) fn has_begun(run: RunId, folder: &Path) -> bool {
    let path = path(folder);
    if !path.exists() {
        return false;
    }
    match RUN.read(&path) {
        Ok(Opened::Whole(connection)) => Reader::new(connection, path, run).has_events().unwrap_or(true),
        Ok(Opened::Empty) => false,
        Ok(Opened::Older) | Err(_) => true,
    }
}
