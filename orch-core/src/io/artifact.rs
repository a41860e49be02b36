use std::fmt;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::{Metadata, StorageError, StorageErrorKind};
use crate::event::EventKind;
use crate::failure::Failure;

/// The name by which events tell of the files of a run, where they tell of an IO manager.
pub const ARTIFACTS: &str = "orch/artifacts";

/// The name by which events tell of files that are values of assets, and of no run alone.
pub const ASSET_FILES: &str = "orch/assets";

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
    /// What an event says of an output that lies in this file.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        let Self { file, bytes, blake3 } = self;
        [("file", file.as_str().into()), ("bytes", (*bytes).into()), ("blake3", blake3.as_str().into())]
            .map(|(key, value): (&str, serde_json::Value)| (key.to_owned(), value))
            .into()
    }

    /// The file that is told of so; none if that is not said of one.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let text = |key| metadata.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        let bytes = metadata.get("bytes").and_then(serde_json::Value::as_u64);
        Some(Self { file: text("file")?, bytes: bytes?, blake3: text("blake3")? })
    }

    /// The file of the run that an event says an output lies in.
    #[must_use]
    pub fn told_by(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::HandledOutput { io, metadata, .. } if **io == *ARTIFACTS => Self::of(metadata),
            _ => None,
        }
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
