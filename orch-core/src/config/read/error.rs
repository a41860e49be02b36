use std::fmt;

use serde::de;

use crate::config::{Origin, within};

/// Why a tree cannot be read as a value of some type. It never contains a secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReadError {
    /// The place inside the tree, `pages[2].size`; empty if it is the whole.
    pub path: String,
    /// Where what stands there comes from.
    pub origin: Origin,
    /// What is wrong with it.
    pub message: String,
}

impl ReadError {
    pub(in crate::config) fn new(origin: Origin, message: String) -> Self {
        Self { path: String::new(), origin, message }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        write!(f, "{}\n  --> {}", self.message, self.origin)
    }
}

impl std::error::Error for ReadError {}

/// An error on its way outwards, until it knows its place.
#[derive(Debug)]
pub(in crate::config) struct Trouble {
    pub(super) path: String,
    pub(super) origin: Option<Origin>,
    pub(super) message: String,
}

impl Trouble {
    /// The innermost place is the one that counts.
    pub(super) fn at(mut self, origin: &Origin) -> Self {
        self.origin.get_or_insert_with(|| origin.clone());
        self
    }

    pub(super) fn within(mut self, key: &str) -> Self {
        within::entry(&mut self.path, key);
        self
    }

    pub(super) fn within_item(mut self, at: usize) -> Self {
        within::item(&mut self.path, at);
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl de::Error for Trouble {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: String::new(), origin: None, message: message.to_string() }
    }
}
