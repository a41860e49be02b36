use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
