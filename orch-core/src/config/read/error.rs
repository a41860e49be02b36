use std::fmt;

use serde::de;

use crate::config::{ConfigPath, ConfigStep, Origin};

/// Why a tree cannot be read as a value of some type. It never contains a secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ReadError {
    /// The place inside the tree, `pages[2].size`; the root if it is the whole.
    pub path: ConfigPath,
    /// Where what stands there comes from.
    pub origin: Origin,
    /// What is wrong with it.
    pub message: String,
}

impl ReadError {
    pub(in crate::config) fn new(origin: Origin, message: String) -> Self {
        Self { path: ConfigPath::root(), origin, message }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "`{}`: ", self.path)?;
        }
        write!(f, "{}\n  --> {}", self.message, self.origin)
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ReadError {}

/// An error on its way outwards, until it knows its place.
#[derive(Debug)]
pub(in crate::config) struct Trouble {
    pub(super) path: ConfigPath,
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
        self.path.put_before(ConfigStep::Key(key.into()));
        self
    }

    pub(super) fn within_item(mut self, at: usize) -> Self {
        self.path.put_before(ConfigStep::Index(at));
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
        Self { path: ConfigPath::root(), origin: None, message: message.to_string() }
    }
}
