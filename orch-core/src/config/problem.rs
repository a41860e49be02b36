use std::fmt;

use serde::Serialize;

use super::{ConfigPath, Origin};
use crate::failure::tell;

/// Everything that is wrong with a configuration, told at once.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

impl ConfigError {
    /// Puts the problems in the order of their places.
    #[must_use]
    pub fn new(mut problems: Vec<ConfigProblem>) -> Self {
        // They are found check by check; whoever mends them goes through each file once.
        problems.sort_by(|a, b| match (a.places.first(), b.places.first()) {
            (Some((_, a)), Some((_, b))) => order(a).cmp(&order(b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        Self { problems }
    }

    /// The problems: those in files first, by file, line and column, then those of `--set`, of the program, of defaults.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    /// The problems, to be told together with others.
    #[must_use]
    pub fn into_problems(self) -> Vec<ConfigProblem> {
        self.problems
    }
}

impl From<ConfigProblem> for ConfigError {
    fn from(problem: ConfigProblem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the configuration cannot be used")?,
            n => write!(f, "the configuration cannot be used: {n} problems")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// Where a place comes in the order of problems.
fn order(origin: &Origin) -> (u8, &str, u32, u32) {
    match origin {
        Origin::File { file, line, column } => (0, file, *line, *column),
        Origin::Set(text) => (1, text, 0, 0),
        Origin::Code(place) => (2, &place.file, place.line, 0),
        Origin::Nowhere | Origin::Default => (3, "", 0, 0),
        Origin::Env { asked, .. } => order(asked),
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    kind: ConfigProblemKind,
    path: ConfigPath,
    message: String,
    places: Vec<(Option<&'static str>, Origin)>,
    hint: Option<String>,
}

impl ConfigProblem {
    /// A problem of the value that stands at a path. The message says what was expected and what was found; it must not
    /// hold the text of a secret.
    #[must_use]
    pub fn new(kind: ConfigProblemKind, path: ConfigPath, message: impl Into<String>) -> Self {
        Self { kind, path, message: message.into(), places: Vec::new(), hint: None }
    }

    /// The same with the place where it was found, or with another place.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.places.push((None, origin));
        self
    }

    /// The same with another place and what is there: `first`.
    #[must_use]
    pub fn at_as(mut self, what: &'static str, origin: Origin) -> Self {
        self.places.push((Some(what), origin));
        self
    }

    /// The same with the way out. A hint may have several lines.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Which kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ConfigProblemKind {
        self.kind
    }

    /// Where in the configuration it is.
    #[must_use]
    pub fn path(&self) -> &ConfigPath {
        &self.path
    }

    /// What is wrong, without places and hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it was found: in a file, on the command line, in the program.
    pub fn places(&self) -> impl Iterator<Item = &Origin> {
        self.places_named().map(|(_, origin)| origin)
    }

    /// The places and what is there.
    pub(crate) fn places_named(&self) -> impl Iterator<Item = (Option<&'static str>, &Origin)> {
        self.places.iter().map(|(what, origin)| (*what, origin))
    }

    /// The way out.
    pub(crate) fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // That nothing was given has no place.
        let places = self.places_named().filter(|(_, origin)| !matches!(origin, Origin::Nowhere));
        tell(f, &self.message, places, self.remedy())
    }
}

/// As people read it.
impl fmt::Debug for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of [`ConfigProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConfigProblemKind {
    /// A file cannot be read, or is of no known format.
    File,
    /// A text is not written as its format asks.
    Syntax,
    /// A name stands twice in one map.
    DuplicateKey,
    /// A value is nested too deep, or too large once its aliases are written out.
    TooLarge,
    /// A value is of another type than the one expected.
    WrongType,
    /// A value is of the right type, and not allowed.
    WrongValue,
    /// A map lacks values that it must have.
    Missing,
    /// A name is not known.
    UnknownKey,
    /// Of several choices none was made, or more than one.
    Choice,
    /// A reference leads to nothing: a variable that is not set, a file that is not there.
    Reference,
    /// A value is given that is fixed where the op is called.
    Fixed,
    /// A secret is written down.
    Secret,
    /// A schema cannot be understood. This is a mistake of the program, not of the configuration.
    Schema,
}
