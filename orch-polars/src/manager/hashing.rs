//! The hash of a file, of its bytes on their way into it.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use blake3::{Hash, Hasher};
use orch_core::io::{DATA_VERSION, OutputAt};

/// So many bytes are hashed at once. Of a file that is smaller no thread is started.
const PART: usize = 1 << 20;

/// So many parts may wait to be hashed before the writer waits.
const WAITING: usize = 8;

/// Writes to a file and, where that is asked for, hashes what it writes, so that the file need not be read for it.
///
/// A clone writes to the same file: polars' engine keeps the one that it is given.
#[derive(Clone)]
pub(super) struct Hashing {
    file: Arc<File>,
    written: Option<Arc<Mutex<Written>>>,
}

impl Hashing {
    /// Of an asset the hash is its version, by which it is known whether it has come out as it was. Nobody asks for that of other
    /// outputs.
    pub(super) fn new(at: &OutputAt<'_>, file: &File) -> io::Result<Self> {
        Ok(Self { file: Arc::new(file.try_clone()?), written: at.asset.map(|_| Arc::default()) })
    }

    /// The hash of all that was written, under its name. To be asked for when the file is on disk: it may take until then.
    pub(super) fn data_version(&self) -> Option<(String, serde_json::Value)> {
        let mut written = self.written.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some((DATA_VERSION.to_owned(), written.hash().to_hex().to_string().into()))
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = (&*self.file).write(bytes)?;
        if let Some(written) = &self.written {
            written.lock().unwrap_or_else(PoisonError::into_inner).add(&bytes[..count])?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.file).flush()
    }
}

/// What was written, which is hashed while more is written and while that is brought to disk.
#[derive(Default)]
struct Written {
    /// What is not hashed yet.
    last: Vec<u8>,
    by: By,
}

/// Who hashes.
#[derive(Default)]
enum By {
    #[default]
    Nobody,
    /// A thread of its own, which is given parts.
    Thread(SyncSender<Vec<u8>>, JoinHandle<Hasher>),
    /// Who writes, where there is no room for one thread more.
    Writer(Box<Hasher>),
}

impl Written {
    fn add(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while self.last.len() + bytes.len() >= PART {
            let (now, later) = bytes.split_at(PART - self.last.len());
            self.last.extend_from_slice(now);
            bytes = later;
            if matches!(self.by, By::Nobody) {
                self.by = By::start();
            }
            self.by.take(&mut self.last)?;
        }
        self.last.extend_from_slice(bytes);
        Ok(())
    }

    fn hash(&mut self) -> Hash {
        let mut hasher = match mem::take(&mut self.by) {
            By::Nobody => Hasher::new(),
            By::Thread(parts, hasher) => {
                // There are no more.
                drop(parts);
                hasher.join().unwrap_or_else(|panic| resume_unwind(panic))
            }
            By::Writer(hasher) => *hasher,
        };
        hasher.update(&self.last).finalize()
    }
}

impl By {
    fn start() -> Self {
        let (parts, given) = sync_channel::<Vec<u8>>(WAITING);
        let hash = move || {
            let mut hasher = Hasher::new();
            given.iter().for_each(|part| _ = hasher.update(&part));
            hasher
        };
        match Builder::new().name("orch hashes".to_owned()).spawn(hash) {
            Ok(hasher) => Self::Thread(parts, hasher),
            Err(_) => Self::Writer(Box::default()),
        }
    }

    /// Hashes a part, or has it hashed, and leaves nothing of it.
    fn take(&mut self, part: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Thread(parts, _) => {
                let part = mem::replace(part, Vec::with_capacity(PART));
                parts.send(part).map_err(|_| io::Error::other("what is written cannot be hashed"))
            }
            Self::Writer(hasher) => {
                hasher.update(part);
                part.clear();
                Ok(())
            }
            Self::Nobody => Ok(()),
        }
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
