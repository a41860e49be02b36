//! The hash of a file, of its bytes on their way into it.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use blake3::Hasher;
use orch_core::io::{DATA_VERSION, OutputAt};

/// Writes to a file and, where that is asked for, hashes what it writes, so that the file need not be read for it.
///
/// A clone writes to the same file: polars' engine keeps the one that it is given.
#[derive(Clone)]
pub(super) struct Hashing {
    file: Arc<File>,
    hasher: Option<Arc<Mutex<Hasher>>>,
}

impl Hashing {
    /// Of an asset the hash is its version, by which it is known whether it has come out as it was. Nobody asks for that of other
    /// outputs.
    pub(super) fn new(at: &OutputAt<'_>, file: &File) -> io::Result<Self> {
        Ok(Self { file: Arc::new(file.try_clone()?), hasher: at.asset.map(|_| Arc::default()) })
    }

    /// The hash of all that was written, under its name.
    pub(super) fn data_version(&self) -> Option<(String, serde_json::Value)> {
        let hasher = self.hasher.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some((DATA_VERSION.to_owned(), hasher.finalize().to_hex().to_string().into()))
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = (&*self.file).write(bytes)?;
        if let Some(hasher) = &self.hasher {
            hasher.lock().unwrap_or_else(PoisonError::into_inner).update(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.file).flush()
    }
}

/// Whoever puts the file in place syncs it.
#[cfg(feature = "lazy")]
impl polars::io::utils::file::WritableTrait for Hashing {
    fn close(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
