use std::fmt;

use serde::Serialize;

use crate::config::ConfigError;
use crate::failure::tell;
use crate::ids::Place;

/// Everything that is wrong with a job, told at once.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanError {
    job: String,
    problems: Vec<Problem>,
    config: Option<ConfigError>,
}

impl PlanError {
    pub(crate) fn new(job: String, mut problems: Vec<Problem>) -> Self {
        // They are found check by check; whoever mends them goes through the source once.
        problems.sort_by(|a, b| match (a.places.first(), b.places.first()) {
            (Some((_, a)), Some((_, b))) => (&a.file, a.line).cmp(&(&b.file, b.line)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        Self { job, problems, config: None }
    }

    /// The same with what is wrong with the configuration of its run.
    pub(crate) fn with_config(mut self, config: Option<ConfigError>) -> Self {
        self.config = config;
        self
    }

    /// What is wrong with the configuration of the run.
    #[must_use]
    pub fn config(&self) -> Option<&ConfigError> {
        self.config.as_ref()
    }

    /// The problems, in the order of the source: by file and line of the first place, those without a place last.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config.as_ref().map_or(&[] as &[_], ConfigError::problems);
        let what = if self.problems.is_empty() { "configured" } else { "planned" };
        match self.problems.len() + config.len() {
            1 => write!(f, "the job `{}` cannot be {what}", self.job)?,
            n => write!(f, "the job `{}` cannot be {what}: {n} problems", self.job)?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))?;
        config.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PlanError {}

/// One thing that is wrong with a job and that the types could not see.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    message: String,
    places: Vec<(&'static str, Place)>,
    hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), places: Vec::new(), hint: None }
    }

    pub(crate) fn at(mut self, what: &'static str, place: Place) -> Self {
        self.places.push((what, place));
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Where it was found first.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.places.first().map(|(_, place)| place)
    }

    /// Which kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What is wrong, without places and hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where, and what is there.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        self.places.iter().map(|(what, place)| (*what, place))
    }

    /// The way out.
    pub(crate) fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tell(f, &self.message, self.places().map(|(what, place)| (Some(what), place)), self.remedy())
    }
}

/// As people read it.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A handle made in the body of one job is used in another.
    ForeignHandle,
    /// A step takes items of two dynamic outputs, neither of which lies within the other.
    UnrelatedDynamic,
    /// A step outside a map takes a value from inside it.
    LeakedFromMap,
    /// A name, tag or order is given to something that is no step.
    NoStep,
    /// Two steps were given the same name.
    DuplicateName,
    /// A name has characters that names cannot have.
    InvalidName,
    /// An input and what feeds it are of different types; only possible with builders, or with a value given to a run.
    TypeMismatch,
    /// A call has fewer or more inputs than the op; only possible with builders.
    WrongInputs,
    /// Steps wait for each other in a circle, or, within a map, for the end of the very stream they hold up.
    Deadlock,
    /// A tag has a key that tags cannot have, or a value that cannot be read, such as a priority that is no integer.
    InvalidTag,
    /// A hook of runs is attached to a step, or a hook is called for nothing; only possible with builders.
    InvalidHook,
    /// A limit is 0, so that nothing could ever run, or is given twice.
    InvalidLimit,
    /// A schedule is no cron text.
    InvalidSchedule,
    /// A timeout is 0, so that no attempt could succeed.
    InvalidTimeout,
    /// A step cannot run in a process of its own: what it takes or gives cannot be written as bytes, or the program or the
    /// system has no such processes.
    NotIsolated,
    /// A step cannot be memoized: it has a dynamic output.
    NotMemoized,
    /// A limit names a tag that no step has.
    UnknownLimit,
    /// A pool is used that the program does not define.
    UnknownPool,
    /// An IO manager is used that the program does not define, or not for this type.
    UnknownIo,
    /// A configuration is given to a step that takes none, or another type of it, or that cannot be written down.
    InvalidConfig,
    /// A preset is asked for that the job does not have.
    UnknownPreset,
    /// A resource is needed that nobody gives.
    MissingResource,
    /// A resource is needed of a type of which there are several, and none is named.
    AmbiguousResource,
    /// Resources need each other, so that none can be opened first.
    ResourceCircle,
    /// A selection names a step that there is not, or more keys than the step stands in maps.
    UnknownStep,
    /// A selection names an item of a map that the earlier run did not have, or that is yet to be made.
    UnknownItem,
    /// A value is given for an input that there is not, or that is not selected.
    UnknownInput,
    /// A selected step takes what a step that is not selected makes, and no earlier run has it.
    MissingInput,
    /// The key of an asset has characters that keys cannot have; only possible with builders.
    InvalidAssetKey,
    /// Two assets have the same key.
    DuplicateAsset,
    /// Two checks of one asset have the same name.
    DuplicateCheck,
    /// A check is blocking, and nothing can wait for it.
    UselessCheck,
    /// Two observations look at one asset.
    DuplicateObservation,
    /// An observation looks at an asset of which the program knows the version itself, or as a whole at one with partitions.
    UselessObservation,
    /// An asset is made of another one that the program does not list.
    UnlistedAsset,
    /// Assets are made of each other, so that none could be the first.
    AssetCircle,
    /// A selection fits no asset, or none that the program makes.
    UnknownAsset,
    /// An asset is needed that was never materialized, or of which nothing is left that could be loaded.
    MissingAsset,
    /// The partitions of an asset cannot be, or a run is for partitions that do not fit what it makes.
    InvalidPartition,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_also_in_debug() {
        let place = Place { file: "src/main.rs".into(), line: 7 };
        let problems = vec![
            Problem::new(ProblemKind::UnknownPool, "the pool `db` is not defined")
                .at("the step", place)
                .hint("define it:\nin the program, or for one run"),
            Problem::new(ProblemKind::InvalidLimit, "`max_concurrent` is 0"),
        ];
        let error = PlanError::new("job".into(), problems);
        insta::assert_snapshot!(format!("{error:?}"), @r"
        the job `job` cannot be planned: 2 problems
        error: the pool `db` is not defined
          --> src/main.rs:7 (the step)
          hint: define it:
                in the program, or for one run
        error: `max_concurrent` is 0
        ");
    }
}
