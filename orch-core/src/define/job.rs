use serde::{Deserialize, Serialize};

use super::{Limit, Place, Retry, Tags};

/// What holds for a job as a whole: the arguments of `#[job]`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The retry policy of ops that declare none.
    pub retry: Option<Retry>,
    /// Limits by tag.
    pub limits: Vec<Limit>,
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
            retry: None,
            limits: Vec::new(),
            place: Place::caller(),
        }
    }

    /// Says what the job is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a tag to every run of the job.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Lets at most `steps` steps run at once.
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

    /// Gives a retry policy to the ops that declare none.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Adds a limit by tag.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limits.push(limit);
        self
    }
}

/// Which of several ready steps of the same priority goes first.
///
/// The whole order is: higher priority, then this, then the older branch of a map (the outermost map first), then the
/// order of definition in the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
