use std::fmt;

use crate::failure::Failure;
use crate::ids::RunId;
use crate::partition::PartitionError;

/// Why a storage could not do what it was asked to.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    message: String,
    hint: Option<String>,
}

/// The kinds of [`StorageError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// There is no such run, or no such thing of it.
    NotFound,
    /// There is such a run already.
    Exists,
    /// Someone else is running this run, and only one can.
    Held(Holder),
    /// Another run was made of this one, and may take values from it.
    Needed,
    /// The run is over, and cannot go on.
    Over,
    /// What was to be stored cannot be: a key of a partition that can be none, a copy within what it is made of.
    Invalid,
    /// What is stored was made by a newer version of orch.
    Newer,
    /// What is stored is damaged.
    Corrupt,
    /// The machine refused: the disk is full, a folder cannot be written, or something else.
    Machine,
}

/// Who runs a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The number of the process.
    pub process: u32,
    /// The name of the machine.
    pub host: String,
}

impl Holder {
    /// This process on a machine of this name.
    #[must_use]
    pub fn new(process: u32, host: impl Into<String>) -> Self {
        Self { process, host: host.into() }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on `{}`", self.process, self.host)
    }
}

impl StorageError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: StorageErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// There is no such run.
    #[must_use]
    pub fn no_run(run: RunId) -> Self {
        Self::new(StorageErrorKind::NotFound, format!("there is no run {run}"))
    }

    /// There is such a run already.
    #[must_use]
    pub fn exists(run: RunId) -> Self {
        Self::new(StorageErrorKind::Exists, format!("there is a run {run} already"))
            .hint("each run has an identifier of its own; `resume` goes on with this one")
    }

    /// Someone else holds the run.
    #[must_use]
    pub fn held(run: RunId, holder: Holder) -> Self {
        let message = format!("the run {run} is held by {holder}");
        Self::new(StorageErrorKind::Held(holder), message).hint("wait for it to end, or cancel it")
    }

    /// The run cannot be removed as long as there are others that were made of it.
    #[must_use]
    pub fn needed(run: RunId) -> Self {
        let message = format!("of the run {run} another was made that may take values from it");
        Self::new(StorageErrorKind::Needed, message).hint("remove that before")
    }

    /// These keys of partitions cannot be.
    #[must_use]
    pub fn invalid_keys(error: &PartitionError) -> Self {
        let invalid = Self::new(StorageErrorKind::Invalid, error.message());
        error.advice().into_iter().fold(invalid, Self::hint)
    }

    /// Says what the reader should do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> &StorageErrorKind {
        &self.kind
    }

    /// The error as a failure, with its hint.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let failure = Failure::new(self.message);
        self.hint.into_iter().fold(failure, Failure::hint)
    }

    /// What the reader should do.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StorageError {}
