use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HookDef, Limit, Retry, Tags, unite};
use crate::ids::Place;

/// What holds for a job as a whole: the arguments of `#[job]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOptions {
    /// The job's name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Tags of every run of the job.
    pub tags: Tags,
    /// How many steps may run at once; by default as many as the process has processors.
    pub max_concurrent: Option<usize>,
    /// How many items of one dynamic output may be alive at once; by default twice `max_concurrent`.
    pub max_in_flight: Option<usize>,
    /// Which of several ready steps goes first.
    pub order: Order,
    /// Where the code of its steps runs.
    pub executor: Executor,
    /// The retry policy of ops that declare none.
    pub retry: Option<Retry>,
    /// Limits by tag.
    pub limits: Vec<Limit>,
    /// Hooks of the job: those of steps are called for every step, those of runs for every run.
    pub hooks: Vec<Arc<HookDef>>,
    /// When the job is to run, as cron text: for whoever starts runs. Nothing here starts one by itself.
    pub schedule: Option<String>,
    /// Where the job stands in the source.
    pub place: Place,
}

impl JobOptions {
    /// The default options of the job `name`.
    #[track_caller]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            tags: Tags::new(),
            max_concurrent: None,
            max_in_flight: None,
            order: Order::default(),
            executor: Executor::default(),
            retry: None,
            limits: Vec::new(),
            hooks: Vec::new(),
            schedule: None,
            place: Place::caller(),
        }
    }

    /// Says what the job is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// What the job is for, in one line: the first sentence of its description.
    #[must_use]
    pub fn headline(&self) -> Option<&str> {
        self.description.as_deref().map(first_sentence)
    }

    /// Adds a tag to every run of the job. A key that [`check_tag_key`](crate::ids::check_tag_key) refuses is a problem of
    /// the plan.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Lets at most `steps` steps run at once. On a runtime of the program's own, sync steps need as many blocking
    /// threads; see [`Runner::max_concurrent`](crate::run::Runner::max_concurrent).
    #[must_use]
    pub fn max_concurrent(mut self, steps: usize) -> Self {
        self.max_concurrent = Some(steps);
        self
    }

    /// Lets at most `items` items of one dynamic output be alive at once.
    #[must_use]
    pub fn max_in_flight(mut self, items: usize) -> Self {
        self.max_in_flight = Some(items);
        self
    }

    /// Says which of several ready steps goes first.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Says where the code of the job's steps runs.
    #[must_use]
    pub fn executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// Gives a retry policy to the ops that declare none.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Attaches a hook to the job; one that it has already is attached once.
    #[must_use]
    pub fn hook(mut self, hook: &Arc<HookDef>) -> Self {
        unite(&mut self.hooks, [hook]);
        self
    }

    /// Adds a limit by tag.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limits.push(limit);
        self
    }

    /// Says when the job is to run, as cron text.
    #[must_use]
    pub fn schedule(mut self, cron: impl Into<String>) -> Self {
        self.schedule = Some(cron.into());
        self
    }
}

/// Which of several ready steps of the same priority goes first.
///
/// The whole order is: higher priority, then this, then the older branch of a map (the outermost map first), then the
/// order of definition in the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Order {
    /// The step that lies deeper in the graph: a branch is finished, and its values released, before the next begins.
    #[default]
    DepthFirst,
    /// The step that lies less deep: all branches advance together.
    BreadthFirst,
}

impl Order {
    /// The name in options, on the command line and in plans.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DepthFirst => "depth_first",
            Self::BreadthFirst => "breadth_first",
        }
    }
}

/// Where the code of a job's steps runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Executor {
    /// In the process of the run, but for the ops that say [`isolate`](super::OpBuilder::isolate).
    #[default]
    InProcess,
    /// In processes of their own, all of them.
    Process,
}

/// The first sentence of a text, or its first line if that is shorter. A mark between words ends a sentence if neither a
/// small letter nor a number follows, so `e.g. this` is within one.
pub(crate) fn first_sentence(text: &str) -> &str {
    let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
    let ends = line.match_indices(['.', '!', '?']).map(|(at, mark)| at + mark.len());
    let end = ends.into_iter().find(|&end| {
        let rest = &line[end..];
        let within = |c: char| c.is_lowercase() || c.is_numeric();
        rest.starts_with(' ') && !rest.trim_start().starts_with(within)
    });
    &line[..end.unwrap_or(line.len())]
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn a_headline_is_one_sentence() {
        let first = [
            ("Loads all pages. One by one.", "Loads all pages."),
            ("Loads all pages\n\nOne by one.", "Loads all pages"),
            ("Loads pages, e.g. 1.5 MB each. Then stops.", "Loads pages, e.g. 1.5 MB each."),
            ("Really? Yes.", "Really?"),
            ("", ""),
        ];
        for (text, sentence) in first {
            assert_eq!(first_sentence(text), sentence);
        }
    }
}
