use std::fmt;

/// What is wrong with a definition of partitions, a key, a selection of keys or a stored set, and what to do about it.
#[derive(Clone, PartialEq, Eq)]
pub struct PartitionError {
    kind: PartitionErrorKind,
    message: String,
    hint: Option<String>,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionErrorKind {
    /// A definition that cannot hold, or two that do not fit each other.
    Definition,
    /// A key that is none of the definition's, or not yet.
    Key,
    /// A selection that cannot be read.
    Selection,
    /// Bytes that are no set of partitions.
    Damaged,
}

impl PartitionError {
    pub(super) fn definition(message: impl Into<String>) -> Self {
        Self { kind: PartitionErrorKind::Definition, message: message.into(), hint: None }
    }

    pub(super) fn key(message: impl Into<String>) -> Self {
        Self { kind: PartitionErrorKind::Key, message: message.into(), hint: None }
    }

    pub(super) fn selection(message: impl Into<String>) -> Self {
        Self { kind: PartitionErrorKind::Selection, message: message.into(), hint: None }
    }

    pub(super) fn damaged(message: impl Into<String>) -> Self {
        Self { kind: PartitionErrorKind::Damaged, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With words before the message that say where it holds, such as the dimension.
    pub(super) fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn kind(&self) -> PartitionErrorKind {
        self.kind
    }

    /// What is wrong, without the hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PartitionError {}
