use std::fmt;

use serde::Serialize;

use crate::config::{ConfigProblem, ConfigProblemKind, Origin};
use crate::define::Preset;
use crate::failure::tell;
use crate::ids::quoted;
use crate::plan::{Problem, ProblemKind};

/// Something that [`Definitions::check`](crate::run::Definitions::check) has found, and where it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The jobs that have it; none if it is of the program.
    pub jobs: Vec<String>,
    /// The presets with which they have it; none if they have it without one.
    pub presets: Vec<String>,
    /// The environments in which they have it, without one as `None`; empty if it is so in all in which they are checked.
    pub environments: Vec<Option<String>>,
    /// Which kind it is.
    pub kind: FindingKind,
    /// Where in the configuration it is, `ops.load.config.batch`; none if it is elsewhere.
    pub path: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Where, in the source or in files.
    pub places: Vec<FoundAt>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The kinds of [`Finding`]; in JSON one word, such as `unknown_pool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum FindingKind {
    /// Of a job, or of what surrounds its runs.
    Plan(ProblemKind),
    /// Of configuration: of the program, of an environment, of a preset, or a default.
    Config(ConfigProblemKind),
}

/// A place of a [`Finding`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FoundAt {
    /// File and line, and in configuration the column.
    pub place: String,
    /// What is there: `the step`.
    pub what: Option<&'static str>,
}

impl Finding {
    pub(super) fn of_plan(problem: &Problem) -> Self {
        let places = problem.places().map(|(what, place)| (Some(what), place.to_string()));
        Self::new(FindingKind::Plan(problem.kind()), problem.message(), places, problem.remedy())
    }

    /// The same, found with this preset.
    pub(super) fn with_preset(mut self, preset: &Preset) -> Self {
        self.presets.push(preset.name().to_owned());
        self.places.push(FoundAt { place: preset.place().to_string(), what: Some("the preset") });
        self
    }

    pub(super) fn of_config(problem: &ConfigProblem) -> Self {
        let places =
            problem.places_named().filter(|(_, origin)| !matches!(origin, Origin::Nowhere | Origin::Default));
        let places = places.map(|(what, origin)| (what, origin.to_string()));
        let finding =
            Self::new(FindingKind::Config(problem.kind()), problem.message(), places, problem.remedy());
        let path = problem.path().to_string();
        Self { path: Some(path).filter(|path| !path.is_empty()), ..finding }
    }

    fn new(
        kind: FindingKind,
        message: &str,
        places: impl Iterator<Item = (Option<&'static str>, String)>,
        hint: Option<&str>,
    ) -> Self {
        Self {
            jobs: Vec::new(),
            presets: Vec::new(),
            environments: Vec::new(),
            kind,
            path: None,
            message: message.to_owned(),
            places: places.map(|(what, place)| FoundAt { place, what }).collect(),
            hint: hint.map(str::to_owned),
        }
    }

    /// Whether it says the same, wherever it holds.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let Self { kind, path, message, hint, .. } = self;
        (kind, path, message, hint) == (&other.kind, &other.path, &other.message, &other.hint)
    }

    /// Takes over where one that says the same holds.
    pub(super) fn absorb(&mut self, other: Self) {
        add(&mut self.jobs, other.jobs);
        add(&mut self.presets, other.presets);
        add(&mut self.environments, other.environments);
        add(&mut self.places, other.places);
    }

    /// Where it holds, for people.
    pub(super) fn holds(&self) -> String {
        let mut holds = match self.jobs.as_slice() {
            [] => "in the program".to_owned(),
            [job] => format!("in the job `{job}`"),
            jobs => format!("in the jobs {}", quoted(jobs)),
        };
        match self.presets.as_slice() {
            [] => {}
            [preset] => holds += &format!(", with the preset `{preset}`"),
            presets => holds += &format!(", with the presets {}", quoted(presets)),
        }
        let named: Vec<_> = self.environments.iter().flatten().cloned().collect();
        let without = self.environments.contains(&None);
        match named.as_slice() {
            [] if without => holds += ", without an environment",
            [] => {}
            [one] => holds += &format!(", in the environment `{one}`"),
            several => holds += &format!(", in the environments {}", quoted(several)),
        }
        if without && !named.is_empty() {
            holds += " and without one";
        }
        holds
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places.iter().map(|FoundAt { place, what }| (*what, place));
        tell(f, &self.message, places, self.hint.as_deref())
    }
}
