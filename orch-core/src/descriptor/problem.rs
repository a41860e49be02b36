use std::fmt;

use crate::config::{ConfigError, ConfigPath, ConfigProblem, Origin, ReadError};
use crate::failure::tell;
use crate::plan::{PlanError, Problem};

/// Everything that is wrong with descriptors, told at once.
#[derive(Clone)]
pub struct DescriptorError {
    problems: Vec<DescriptorProblem>,
}

impl DescriptorError {
    pub(super) fn new(mut problems: Vec<DescriptorProblem>) -> Self {
        // They are found check by check; whoever mends them goes through each file once.
        problems.sort_by(|a, b| match (a.order(), b.order()) {
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        Self { problems }
    }

    /// The problems, by file, line and column; those without a place last.
    #[must_use]
    pub fn problems(&self) -> &[DescriptorProblem] {
        &self.problems
    }

    pub(super) fn into_problems(self) -> Vec<DescriptorProblem> {
        self.problems
    }
}

impl fmt::Display for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the job descriptors cannot be used")?,
            n => write!(f, "the job descriptors cannot be used: {n} problems")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DescriptorError {}

/// One thing that is wrong with a descriptor.
#[derive(Clone)]
pub struct DescriptorProblem {
    kind: DescriptorProblemKind,
    told: Told,
}

/// The problem as whoever found it tells it; all have one shape.
#[derive(Clone)]
enum Told {
    Here { message: String, places: Vec<(String, Origin)>, hint: Option<String> },
    Config(ConfigProblem),
    Plan(Problem),
}

impl DescriptorProblem {
    pub(super) fn new(kind: DescriptorProblemKind, message: impl Into<String>) -> Self {
        Self { kind, told: Told::Here { message: message.into(), places: Vec::new(), hint: None } }
    }

    pub(super) fn at(self, origin: Origin) -> Self {
        self.at_as("", origin)
    }

    pub(super) fn at_as(mut self, what: impl Into<String>, origin: Origin) -> Self {
        if let Told::Here { places, .. } = &mut self.told {
            places.push((what.into(), origin));
        }
        self
    }

    pub(super) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Told::Here { hint, .. } = &mut self.told {
            *hint = Some(text.into());
        }
        self
    }

    /// The same with another way out, besides the one that it has.
    pub(super) fn or_hint(mut self, text: &str) -> Self {
        if let Told::Here { hint: Some(hint), .. } = &mut self.told {
            hint.push_str("; ");
            hint.push_str(text);
        }
        self
    }

    /// What serde says of a value that the schema allows.
    pub(super) fn unread(path: &ConfigPath, error: &ReadError) -> Self {
        let message = format!("`{}` cannot be read: {}", path.clone().join(&error.path), error.message);
        Self::new(DescriptorProblemKind::Written, message).at(error.origin.clone())
    }

    pub(super) fn of_kind(mut self, kind: DescriptorProblemKind) -> Self {
        self.kind = kind;
        self
    }

    /// Which kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> DescriptorProblemKind {
        self.kind
    }

    /// What is wrong, without places and hint.
    #[must_use]
    pub fn message(&self) -> &str {
        match &self.told {
            Told::Here { message, .. } => message,
            Told::Config(problem) => problem.message(),
            Told::Plan(problem) => problem.message(),
        }
    }

    /// Where it was found first; none if there is no such place, as with a folder that is not there.
    #[must_use]
    pub fn place(&self) -> Option<Origin> {
        match &self.told {
            Told::Here { places, .. } => places.first().map(|(_, origin)| origin.clone()),
            Told::Config(problem) => problem.places().next().cloned(),
            Told::Plan(problem) => problem.place().cloned().map(Origin::Code),
        }
    }

    fn order(&self) -> Option<(String, u32, u32)> {
        match self.place()? {
            Origin::File { file, line, column } => Some((file.to_string(), line, column)),
            Origin::Code(place) => Some((place.file, place.line, 0)),
            origin => Some((origin.to_string(), 0, 0)),
        }
    }
}

impl fmt::Display for DescriptorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, places, hint) = match &self.told {
            Told::Here { message, places, hint } => (message, places, hint),
            Told::Config(problem) => return problem.fmt(f),
            Told::Plan(problem) => return problem.fmt(f),
        };
        let places = places.iter().map(|(what, at)| (Some(what).filter(|what| !what.is_empty()), at));
        tell(f, message, places, hint.as_deref())
    }
}

/// As people read it.
impl fmt::Debug for DescriptorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<ConfigProblem> for DescriptorProblem {
    fn from(problem: ConfigProblem) -> Self {
        Self { kind: DescriptorProblemKind::Written, told: Told::Config(problem) }
    }
}

impl From<ConfigError> for DescriptorError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.into_problems().into_iter().map(Into::into).collect())
    }
}

impl From<PlanError> for DescriptorError {
    fn from(error: PlanError) -> Self {
        let told = error.problems().iter().cloned().map(Told::Plan);
        let kind = DescriptorProblemKind::Plan;
        Self::new(told.map(|told| DescriptorProblem { kind, told }).collect())
    }
}

/// The kinds of [`DescriptorProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DescriptorProblemKind {
    /// A file cannot be read, or says something else than a descriptor does: an unknown name, a number for a text.
    Written,
    /// A folder cannot be read.
    Folder,
    /// Two op kinds of the registry have the same name.
    DuplicateOp,
    /// Two descriptors describe jobs of the same name.
    DuplicateJob,
    /// A name has characters that names cannot have.
    InvalidName,
    /// A tag's key is none, or one of orch's own.
    InvalidTag,
    /// A schedule is no cron text.
    InvalidSchedule,
    /// A time is none.
    InvalidTime,
    /// There is no op kind of this name.
    UnknownOp,
    /// There is no step of this name.
    UnknownStep,
    /// A step has no output of this name, or several and none is named.
    UnknownOutput,
    /// An op has no input of this name.
    UnknownInput,
    /// An input is fed nothing.
    MissingInput,
    /// An input and what feeds it are of different types.
    TypeMismatch,
    /// A value cannot be read as the input's type.
    InvalidValue,
    /// A configuration is given to a step that takes none, or is not what its op takes.
    InvalidConfig,
    /// Steps wait for each other in a circle.
    Circle,
    /// A step maps over, or collects, what is one value.
    NotDynamic,
    /// A dynamic output feeds an input that takes one value.
    NotMapped,
    /// A step takes what is inside a map that it does not stand in.
    LeakedFromMap,
    /// Maps are nested too deep.
    TooDeep,
    /// What only the plan of the whole job shows.
    Plan,
}
