use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::PartitionError;

/// The key of a partition: `2024-01-31`, `eu`, or of several dimensions `2024-01-31|eu`. It is compared with a text as it is.
///
/// ```
/// use orch_core::partition::PartitionKey;
///
/// let key = PartitionKey::from("2024-01-31");
/// assert!(key == "2024-01-31" && key != *"eu");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionKey(Arc<str>);

impl PartitionKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for PartitionKey {
    fn eq(&self, key: &str) -> bool {
        *self.0 == *key
    }
}

impl PartialEq<&str> for PartitionKey {
    fn eq(&self, key: &&str) -> bool {
        *self.0 == **key
    }
}

impl From<&str> for PartitionKey {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<String> for PartitionKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

/// The key of a partition of several dimensions: a value for each, by name.
///
/// As text it is the values in the order of the names: `2024-01-31|eu` of `date` and `region`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MultiKey(BTreeMap<String, String>);

impl MultiKey {
    /// A key of these values by dimension.
    pub fn new<K: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a dimension.
    #[must_use]
    pub fn get(&self, dimension: &str) -> Option<&str> {
        self.0.get(dimension).map(String::as_str)
    }

    /// Dimensions and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The key as one text.
    #[must_use]
    pub fn key(&self) -> PartitionKey {
        self.to_string().into()
    }
}

impl fmt::Display for MultiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.values().enumerate() {
            if at > 0 {
                f.write_str("|")?;
            }
            f.write_str(value)?;
        }
        Ok(())
    }
}

/// What selections are written with, so that a value in a key of several dimensions has none of it.
pub(super) const RESERVED: [char; 4] = ['|', ',', '[', ']'];

/// Checks a key that is no time: one of a static or dynamic definition.
pub(super) fn check(key: &str) -> Result<(), PartitionError> {
    let wrong = |why: &str| {
        Err(PartitionError::definition(format!("the partition key `{}` {why}", key.escape_debug())))
    };
    if key.is_empty() {
        return Err(PartitionError::definition("a partition key is empty"));
    }
    if key.chars().any(char::is_control) {
        return wrong("has control characters");
    }
    if key.contains("..") {
        return wrong("has `..`, which ranges of keys are written with");
    }
    if key == "*" {
        return wrong("is how all keys are selected").map_err(|error| error.hint("give it another name"));
    }
    if key.trim() != key {
        return wrong("begins or ends with a blank");
    }
    Ok(())
}

/// Checks a value of a dimension besides.
pub(super) fn check_value(key: &str) -> Result<(), PartitionError> {
    match key.chars().find(|c| RESERVED.contains(c) || *c == ';') {
        Some(c) => Err(PartitionError::definition(format!("the partition key `{key}` has `{c}`")).hint(
            "keys of several dimensions and their selections are written with `|`, `,`, `;`, `[` and `]`",
        )),
        None => Ok(()),
    }
}
