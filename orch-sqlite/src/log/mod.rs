//! The log of a run: `run.db`.

mod make;
mod read;
mod write;

use std::path::{Path, PathBuf};

pub(crate) use make::make;
pub(crate) use read::Reader;
pub(crate) use write::Writer;

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("run.db")
}
