use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::query::Each;
use super::{Holder, LogQuery, Pinned, RunQuery, RunRecord, StorageError, StorageErrorKind};
use crate::event::{Encoded, EventKind, Journal, Logged};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::io::Metadata;

/// Where runs are kept. Implemented for whatever has all its parts; nothing to implement by hand.
pub trait Storage: ReadRuns + WriteRuns {}

impl<S: ReadRuns + WriteRuns> Storage for S {}

/// The list of runs, and the way to what is kept of each.
pub trait ReadRuns: fmt::Debug + Send + Sync + 'static {
    /// Where it is and how durable, for people: `` `.orch`, durability normal ``.
    fn describe(&self) -> String;

    /// The runs that are asked for, the newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError>;

    /// The run of this identifier.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn run(&self, run: RunId) -> Result<RunRecord, StorageError>;

    /// The runs whose identifiers begin with `prefix`, in hexadecimal with or without dashes; no more than `limit`, the
    /// newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError>;

    /// What the run was begun with.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError>;

    /// Who runs the run at present; none if nobody does. Of a run whose process has died nobody does, from the moment of
    /// its death.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError>;

    /// The events of a run. It can be read while someone else writes it, and is then read as far as it had come when the
    /// reading began.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError>;

    /// The files of a run.
    ///
    /// # Errors
    /// If there is no such run.
    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError>;
}

/// Begins runs, takes them up again and removes them.
pub trait WriteRuns: Send + Sync + 'static {
    /// Makes a run. Whoever has the result holds the run until it is dropped, or the process is gone.
    ///
    /// # Errors
    /// If there is such a run already, or it cannot be written.
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError>;

    /// Takes up a run again; its events go on where they ended.
    ///
    /// # Errors
    /// If there is no such run, [`Held`](super::StorageErrorKind::Held) if someone holds it, or if it cannot be written.
    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError>;

    /// Removes a run and all that is kept of it. What was stored by IO managers of the program's own stays.
    ///
    /// # Errors
    /// If there is no such run, if someone holds it, or if it cannot be removed.
    fn remove(&self, run: RunId) -> Result<(), StorageError>;
}

/// The events of a run, to be read.
pub trait ReadEvents: Send {
    /// Calls `each` for the events after the one of number `after`, in their order. Log lines are left out unless `logs` are asked for.
    ///
    /// # Errors
    /// If they cannot be read. What was called for before is as it was told.
    fn events(&self, after: u64, logs: bool, each: Each<'_, Logged>) -> Result<(), StorageError>;

    /// Calls `each` for the log lines after the event of number `after` that are asked for, in their order.
    ///
    /// # Errors
    /// As [`ReadEvents::events`].
    fn logs(&self, after: u64, query: &LogQuery, each: Each<'_, Logged>) -> Result<(), StorageError>;

    /// The value that was committed with the event of this number; none if there was none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn value(&self, event: u64) -> Result<Option<Encoded>, StorageError>;
}

/// The events of a run that is held, to be written: its journal.
pub trait WriteEvents: Journal {
    /// Puts this into the list of runs, in place of what it says of the run. If the process is gone before, the list is
    /// corrected by the events, which are the truth.
    ///
    /// # Errors
    /// If it cannot be written.
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure>;
}

/// The files of a run: values that are too large for its log.
pub trait Artifacts: fmt::Debug + Send + Sync + 'static {
    /// Writes what `write` writes, and gives its name, size and hash when it is durable: written whole, or not there.
    /// What was there under the name is replaced.
    ///
    /// # Errors
    /// Those of `write`, and if the file cannot be written.
    fn write(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<ArtifactRef, Failure>;

    /// Opens a file to be read from its beginning.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, StorageError>;
}

/// Memory that is asked for before a single byte was read: a wrong size must not ask for all there is.
const MOST_AT_ONCE: usize = 1 << 20;

/// A file of a run, as an event names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// Its name among the files of the run, parted by `/`.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes, in hexadecimal.
    pub blake3: String,
}

impl ArtifactRef {
    /// What the event [`HandledOutput`](EventKind::HandledOutput) says of an output that lies in this file.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        let Self { file, bytes, blake3 } = self;
        [("file", file.as_str().into()), ("bytes", (*bytes).into()), ("blake3", blake3.as_str().into())]
            .map(|(key, value): (&str, serde_json::Value)| (key.to_owned(), value))
            .into()
    }

    /// The file that an event says an output lies in, if it says just that. What IO managers of a program's own say of
    /// their files has other names.
    #[must_use]
    pub fn told_by(kind: &EventKind) -> Option<Self> {
        let EventKind::HandledOutput { metadata, .. } = kind else { return None };
        let text = |key| metadata.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        let bytes = metadata.get("bytes").and_then(serde_json::Value::as_u64);
        let told = Self { file: text("file")?, bytes: bytes?, blake3: text("blake3")? };
        (metadata.len() == 3).then_some(told)
    }
}

impl dyn Artifacts {
    /// Reads a whole file.
    ///
    /// # Errors
    /// If it is not there, or is not what was written: a truncated file, or one in which a bit has changed, is never
    /// taken for the value.
    pub fn read(&self, artifact: &ArtifactRef) -> Result<Vec<u8>, StorageError> {
        let corrupt = |why: String| {
            let message = format!("the file `{}` of the run {why}", artifact.file);
            StorageError::new(StorageErrorKind::Corrupt, message)
        };
        let mut bytes =
            Vec::with_capacity(usize::try_from(artifact.bytes).unwrap_or_default().min(MOST_AT_ONCE));
        // One byte more tells of a file that has grown.
        let mut file = self.open(&artifact.file)?.take(artifact.bytes.saturating_add(1));
        file.read_to_end(&mut bytes).map_err(|error| {
            let message = format!("the file `{}` of the run cannot be read: {error}", artifact.file);
            StorageError::new(StorageErrorKind::Machine, message)
        })?;
        if bytes.len() as u64 != artifact.bytes {
            return Err(corrupt(format!("does not have the {} bytes that were written", artifact.bytes)));
        }
        if blake3::hash(&bytes).to_hex().as_str() != artifact.blake3 {
            return Err(corrupt("is not what was written: its hash is another".to_owned()));
        }
        Ok(bytes)
    }
}
