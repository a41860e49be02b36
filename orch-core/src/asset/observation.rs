use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The version of nothing, among those of data.
pub(super) const NOTHING: &str = "";

/// The version of data that others make, as a run that looked at it has found it: with another version it is other data.
///
/// It is a text, made of anything that can be shown: a hash, a number that counts up, the time of the last change. Versions
/// are compared as texts and have no order.
///
/// ```
/// use orch_core::asset::DataVersion;
///
/// let version = DataVersion::new(42);
/// assert_eq!(version, DataVersion::new("42"));
/// assert_eq!(version.as_str(), "42");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataVersion(Arc<str>);

impl DataVersion {
    /// The version that is shown so.
    #[must_use]
    pub fn new(version: impl fmt::Display) -> Self {
        Self(version.to_string().into())
    }

    /// That of a file: the hash of its bytes, which are read in pieces. A file that is written anew with the same bytes has the same
    /// version, and nothing is made anew for it.
    ///
    /// ```
    /// use orch_core::asset::DataVersion;
    ///
    /// let error = DataVersion::of_file("raw/2024-01-31.csv").unwrap_err();
    /// assert!(error.to_string().starts_with("`raw/2024-01-31.csv` cannot be read"));
    /// ```
    ///
    /// # Errors
    /// If it cannot be read, or is not there.
    pub fn of_file(path: impl AsRef<Path>) -> Result<Self, Failure> {
        hash_of(path.as_ref()).map_err(|error| unread(path.as_ref(), error))
    }

    /// The same of a file that may not be there by now: then there is none, which an observation can return as it is.
    ///
    /// ```
    /// use orch_core::asset::DataVersion;
    ///
    /// assert_eq!(DataVersion::of_file_if_there("raw/2024-01-31.csv")?, None);
    /// # Ok::<(), orch_core::failure::Failure>(())
    /// ```
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn of_file_if_there(path: impl AsRef<Path>) -> Result<Option<Self>, Failure> {
        match hash_of(path.as_ref()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            found => found.map(Some).map_err(|error| unread(path.as_ref(), error)),
        }
    }

    /// That of nothing: a text that no version of data has.
    pub(crate) fn nothing() -> Self {
        Self(NOTHING.into())
    }

    /// Whether nothing was there to have a version: the observation has returned `None`. Then its text is empty.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self.0 == *NOTHING
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hash_of(path: &Path) -> io::Result<DataVersion> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(DataVersion::new(hasher.finalize().to_hex()))
}

fn unread(path: &Path, error: io::Error) -> Failure {
    Failure::from(error).context(format!("`{}` cannot be read", path.display()))
}

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
