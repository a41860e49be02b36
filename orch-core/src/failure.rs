//! How a step says that it failed, and the form in which errors travel.

mod catch;
mod tell;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::StepPath;

pub(crate) use self::catch::{catch_places, caught, panic_message, quietly};
pub(crate) use self::tell::tell;

/// The result of an op; like `anyhow::Result`, any error turns into a [`Failure`] with `?`.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The failure of one attempt at a step.
///
/// Every `std` error, `anyhow::Error`, `String` and `&str` turns into one with `?` or `.into()`, keeping its chain of
/// causes. Made by hand it says more: whether a retry can help, after what delay, and what the reader should do.
///
/// ```
/// use orch_core::failure::{Failure, Result};
///
/// fn parse(line: &str) -> Result<u32> {
///     let line = line.strip_prefix("id=").ok_or_else(|| {
///         Failure::new("line without an id").hint("ids start with `id=`").not_retryable()
///     })?;
///     Ok(line.parse()?)
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "line without an id");
/// ```
pub struct Failure(Box<Inner>);

struct Inner {
    error: Box<dyn StdError + Send + Sync>,
    kind: ErrorKind,
    hint: Option<String>,
    place: Option<String>,
    metadata: BTreeMap<String, serde_json::Value>,
    retry: RetryWish,
    kept_from: Option<(StepPath, Option<Arc<ErrorInfo>>)>,
}

/// What the op wishes for after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RetryWish {
    /// The op's retry policy decides.
    Policy,
    /// No retry, whatever the policy allows.
    Never,
    /// A retry after this delay instead of the policy's, as long as the policy has retries left.
    After(Duration),
}

impl Failure {
    /// A failure with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self::from(message.into())
    }

    /// A failure that asks to be tried again after `delay`, whatever delay the op's policy has: without its backoff and
    /// jitter, and longer than a week if need be.
    ///
    /// The op (or its job) must declare `retry(max = ..)`: it says how often, and lets the engine keep the inputs.
    pub fn retry_after(delay: Duration, message: impl Into<String>) -> Self {
        let mut failure = Self::new(message);
        failure.0.retry = RetryWish::After(delay);
        failure
    }

    pub(crate) fn of_kind(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut failure = Self::new(message);
        failure.0.kind = kind;
        failure
    }

    /// What a step is to read was to be made in the same run, and this other step failed: it has not failed itself, but is kept from
    /// what it is there for, as what takes it by an input is. With the error of that step, as far as it is known.
    pub(crate) fn kept_from(mut self, by: StepPath, error: Option<Arc<ErrorInfo>>) -> Self {
        self.0.kept_from = Some((by, error));
        self.not_retryable()
    }

    /// The step that failed, if that is all that is wrong, and its error.
    pub(crate) fn by_which_kept(&self) -> Option<(&StepPath, Option<&Arc<ErrorInfo>>)> {
        self.0.kept_from.as_ref().map(|(by, error)| (by, error.as_ref()))
    }

    /// The framework refuses what a function did; another attempt would do the same.
    pub(crate) fn contract(message: impl Into<String>) -> Self {
        Self::of_kind(ErrorKind::Contract, message).not_retryable()
    }

    pub(crate) fn canceled() -> Self {
        Self::of_kind(ErrorKind::Canceled, "the run was canceled").not_retryable()
    }

    /// A failure that was told before: no other attempt follows it.
    pub(crate) fn told(info: &ErrorInfo) -> Self {
        Self::retold(info, RetryWish::Never)
    }

    /// A failure as another process has told it, with what it says of retries.
    pub(crate) fn retold(info: &ErrorInfo, retry: RetryWish) -> Self {
        let messages = std::iter::once(&info.message).chain(&info.causes);
        let chain = messages.rev().fold(None, |cause, message| match cause {
            None => Some(Self::new(message.clone())),
            Some(cause) => Some(Self::context(cause, message.clone())),
        });
        let mut failure = chain.unwrap_or_else(|| Self::new(String::new()));
        failure.0.retry = retry;
        failure.0.kind = info.kind;
        failure.0.hint.clone_from(&info.hint);
        failure.0.place.clone_from(&info.place);
        failure.0.metadata.clone_from(&info.metadata);
        failure
    }

    pub(crate) fn panic(payload: String, place: Option<String>) -> Self {
        let mut failure = Self::new(payload);
        failure.0.kind = ErrorKind::Panic;
        failure.0.place = place;
        failure
    }

    /// Says that another attempt cannot help; the retry policy is not asked.
    #[must_use]
    pub fn not_retryable(mut self) -> Self {
        self.0.retry = RetryWish::Never;
        self
    }

    /// Says what the reader can do about it; shown on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Attaches a value for whoever reads the failure event; one of the same key is replaced.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.0.metadata.insert(key.into(), value.into());
        self
    }

    /// Puts a message before the present one, which becomes its cause. Hint, metadata and what is said of retries stay.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let cause = std::mem::replace(&mut self.0.error, String::new().into());
        self.0.error = Box::new(Context { message: message.into(), cause });
        self
    }

    /// What the op wishes for after this attempt.
    #[must_use]
    pub fn retry_wish(&self) -> RetryWish {
        self.0.retry
    }

    /// Whether at the root of it a file was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        let first: &(dyn StdError + 'static) = &*self.0.error;
        let mut chain = std::iter::successors(Some(first), |&error| error.source());
        let is = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        chain.any(|error| error.downcast_ref().is_some_and(is))
    }

    /// The failure as it is written into events.
    #[must_use]
    pub fn info(&self) -> ErrorInfo {
        let message = self.0.error.to_string();
        let mut causes: Vec<String> = Vec::new();
        for cause in std::iter::successors(self.0.error.source(), |&error| error.source()) {
            let cause = cause.to_string();
            if !tells(causes.last().unwrap_or(&message), &cause) {
                causes.push(cause);
            }
        }
        ErrorInfo {
            kind: self.0.kind,
            message,
            causes,
            hint: self.0.hint.clone(),
            place: self.0.place.clone(),
            metadata: self.0.metadata.clone(),
        }
    }
}

/// Whether an error says what its cause says, as some libraries' do in their own text: the same, or that with a word of its own
/// before or after it.
fn tells(error: &str, cause: &str) -> bool {
    let before = |rest: &str| rest.is_empty() || rest.starts_with(": ");
    let after = |rest: &str| rest.ends_with(": ");
    error.strip_prefix(cause).is_some_and(before) || error.strip_suffix(cause).is_some_and(after)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.info(), f)
    }
}

// `Failure` is no `std::error::Error` itself, else this conversion would clash with the one from a type to itself.
impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(Inner {
            error: error.into(),
            kind: ErrorKind::Error,
            hint: None,
            place: None,
            metadata: BTreeMap::new(),
            retry: RetryWish::Policy,
            kept_from: None,
        }))
    }
}

#[derive(Debug)]
struct Context {
    message: String,
    cause: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Context {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause)
    }
}

/// An error as data: what events, reports and `collect_results` carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// What went wrong in kind.
    pub kind: ErrorKind,
    /// The outermost message.
    pub message: String,
    /// The chain of causes below it, the root last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What the reader can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The source place of a panic: `src/main.rs:7:5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What the op attached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, serde_json::Value>,
}

impl ErrorInfo {
    /// An error of this kind with a message alone.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message, causes: Vec::new(), hint: None, place: None, metadata: BTreeMap::new() }
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for ErrorInfo {
    /// The chain over several lines: message, `caused by:` lines, `hint:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Panic => write!(f, "panicked: {}", self.message)?,
            _ => f.write_str(&self.message)?,
        }
        if let Some(place) = &self.place {
            write!(f, "\n  at {place}")?;
        }
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        for (key, value) in &self.metadata {
            write!(f, "\n  {key}: {value}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// What kind of thing went wrong in an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The op returned an error.
    Error,
    /// The op panicked.
    Panic,
    /// The attempt outlived its timeout.
    Timeout,
    /// The run was canceled while the attempt was under way.
    Canceled,
    /// The framework refused what the op did, such as a duplicate mapping key.
    Contract,
    /// The process of the attempt, which it had for itself, ended before the attempt did.
    Crash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_becomes_a_failure_with_its_causes() {
        fn read() -> Result<u32> {
            Ok("x".parse::<u32>()?)
        }
        let failure =
            read().expect_err("not a number").context("cannot read the header").hint("see the manual");
        assert_eq!(
            failure.info().to_string(),
            "cannot read the header\n  caused by: invalid digit found in string\n  hint: see the manual"
        );
        // What a `main` or a test that returns the failure prints.
        assert_eq!(format!("{failure:?}"), failure.info().to_string());
        assert_eq!(failure.retry_wish(), RetryWish::Policy);
        assert_eq!(Failure::new("x").not_retryable().retry_wish(), RetryWish::Never);
        // As it was told, it is told again.
        assert_eq!(Failure::told(&failure.info()).info(), failure.info());
    }

    #[test]
    fn what_an_error_says_of_its_cause_is_said_once() {
        let told = |messages: &[&str]| {
            let (root, others) = messages.split_last().expect("one at least");
            let failure = others.iter().rev().fold(Failure::new(*root), |failure, of| failure.context(*of));
            failure.info().to_string()
        };
        assert_eq!(
            told(&["cannot read `a`", "no column: 'filter': 'sink'", "no column: 'filter'", "no column"]),
            "cannot read `a`\n  caused by: no column: 'filter': 'sink'"
        );
        assert_eq!(told(&["cannot open: no file", "no file"]), "cannot open: no file");
        assert_eq!(told(&["no file", "no file"]), "no file");
        assert_eq!(told(&["no files", "no file"]), "no files\n  caused by: no file");
    }
}
