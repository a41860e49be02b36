//! What will run: the graph and the job's options, checked and compiled into plain data.
//!
//! A [`Plan`] is arrays by index and serializes; it is what users snapshot, what `plan JOB` prints and what the engine
//! walks. Problems that the types cannot see are all found here and told together, with names and source places.

mod assets;
mod code;
mod compare;
mod compile;
mod depth;
mod diagram;
mod graphs;
mod hooks;
mod isolated;
mod known;
mod literal;
mod memoized;
mod memory;
mod names;
mod partitions;
mod problem;
mod resume;
mod select;
mod tags;
mod text;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use compare::{Change, ChangeKind};
pub use partitions::{
    ExternalPartitions, LoadedPartitions, PartitionsFrom, PartitionsTaker, PlannedPartitions,
};
pub use problem::{PlanError, Problem, ProblemKind};

pub(crate) use assets::Maker;
pub(crate) use compile::Program;
pub(crate) use diagram::{dot_escape, mermaid_escape};
pub(crate) use graphs::AssetSteps;
pub(crate) use hooks::{check_called as check_hooks, names as hook_names};
pub(crate) use known::{Known, KnownEnd};
pub(crate) use literal::uncut;
pub(crate) use resume::{Asked, Mark, Resumption, forget_dependents, forget_torn};
pub(crate) use select::{Ended, Failed, GivenInputs, Handed, Part};
pub(crate) use tags::check_keys as check_tag_keys;

use crate::asset::{AssetKey, Severity};
use crate::define::{Limit, Order, OutputKind, Passing, Retry, Tags};
use crate::graph::Job;
use crate::ids::{Place, StepPath};
use crate::io::{OutputAt, PartitionAt};

/// A compiled job, as plain data. Indices refer to the arrays of the plan itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The job's name.
    pub job: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags of its runs.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// How many steps may run at once; none for as many as there are processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<usize>,
    /// How many items of one dynamic output may be alive; none for twice `max_concurrent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<usize>,
    /// Which ready step goes first.
    pub order: Order,
    /// Limits by tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Hooks of the whole job, by name: those of steps are called for every step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<String>,
    /// The steps, in the order of definition.
    pub steps: Vec<Step>,
    /// The maps, one for each dynamic output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<Map>,
    /// The collected maps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collects: Vec<Collect>,
    /// The partitions that runs are for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<PlannedPartitions>,
}

/// One step; inside a map it stands for as many as the map has items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The name, unique in the plan: `clean.echo_2`.
    pub name: String,
    /// The op's name.
    pub op: String,
    /// What the op does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The map it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<usize>,
    /// The inputs, in the order of the parameters.
    pub inputs: Vec<Input>,
    /// The outputs.
    pub outputs: Vec<Output>,
    /// Steps it waits for without taking a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    /// The number of steps on the longest way to it.
    pub depth: usize,
    /// Among ready steps, higher goes first.
    pub priority: i64,
    /// The tags of op and call, without the priority.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The retry policy of the call, else of the op, else of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// The bound on each attempt; with a dynamic output on the call and then on each item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether it runs in a process of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub isolated: bool,
    /// The memory that this process may ask for, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The pool in which it takes its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The version of the op's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_version: Option<String>,
    /// Whether it is passed over in a recorded run if it is known what it would give.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memoize: bool,
    /// The IO manager that stores its outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io: Option<String>,
    /// The type of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The types of the resources that it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Whether it does not run, as it is not selected: what others take of it is known from an earlier run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given: bool,
    /// The asset that stands here without being made: what others take of it is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loads: Option<LoadedAsset>,
    /// The assets that it makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<PlannedAsset>,
    /// The asset that it makes together with other steps, as one of the graph of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<AssetKey>,
    /// The outputs that are assets and are not made: what is given of them is dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<usize>,
    /// The check that it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<PlannedCheck>,
    /// The asset that it observes, which others make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observes: Option<AssetKey>,
    /// The copies that run, `load[100]`, where not all do; what others take of the rest is known from an earlier run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Its hooks besides those of the job, by name.
    pub hooks: Vec<String>,
    /// Where it is called in the source.
    pub place: Place,
}

/// An asset that stands in a plan without being made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadedAsset {
    /// Its key.
    pub key: AssetKey,
    /// Whether others make it, and the program never does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// The IO manager that reads it when the step runs, as a value of another type or by partition; none of what is loaded
    /// before the run begins, and of partitions that no IO manager stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_by: Option<String>,
    /// The columns that are read of it; all if none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Which partitions are read, when the step runs, of an asset that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<LoadedPartitions>,
}

impl LoadedAsset {
    /// One that is loaded as what it is.
    pub(crate) fn of(key: AssetKey, external: bool) -> Self {
        Self { key, external, read_by: None, columns: Vec::new(), partitions: None }
    }

    /// Whether it is loaded when the step runs, and not before the run begins.
    pub(crate) fn is_read(&self) -> bool {
        self.read_by.is_some() || self.partitions.is_some()
    }

    /// Whether nothing of it is read, and all that is to be known is as which versions its partitions were observed.
    pub(crate) fn versions_alone(&self) -> bool {
        self.external && self.partitions.as_ref().is_some_and(|of| of.waits)
    }
}

/// An asset that a step makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedAsset {
    /// Its key.
    pub key: AssetKey,
    /// The output that is its value.
    pub output: usize,
    /// The partitions of the plan of which each is a materialization of its own; none of an asset without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<usize>,
    /// What it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<AssetKey>,
    /// The steps that read for it what is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<usize>,
    /// The version of the code that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_version: Option<Arc<str>>,
}

impl PlannedAsset {
    /// The partition that a step of this path makes.
    pub(crate) fn partition_at(&self, path: &StepPath) -> Option<String> {
        self.partitions.and(path.branch()).map(|branch| branch.key().to_string())
    }

    /// The place of its value, or of that of a partition, of those that its plan has.
    pub(crate) fn placed<'a>(
        &'a self,
        at: OutputAt<'a>,
        partition: Option<&'a str>,
        partitions: &'a [PlannedPartitions],
    ) -> OutputAt<'a> {
        let of = self.partitions.and_then(|number| partitions.get(number));
        let partition = partition.zip(of).map(|(key, of)| PartitionAt::new(key, &of.definition));
        at.asset(Some(&self.key)).partition(partition)
    }
}

/// A check of an asset, which a step makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedCheck {
    /// The asset.
    pub asset: AssetKey,
    /// Whether others make it, and the program never does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Its name among the checks of the asset.
    pub name: Arc<str>,
    /// Whether what is made of the asset waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocking: bool,
    /// How bad it is if it does not pass, in place of what its result says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The partitions of the plan that it looks at, each by a step in their map; none of an asset without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<usize>,
}

/// An input of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Input {
    /// The parameter's name.
    pub name: String,
    /// The type, without the reference.
    #[serde(rename = "type")]
    pub ty: String,
    /// By value or by reference.
    pub passing: Passing,
    /// What feeds it.
    pub source: Source,
}

/// What feeds an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The output of a step in the same map or one around it.
    Output {
        /// The step.
        step: usize,
        /// Its output.
        output: usize,
    },
    /// The item of a map that the step is in.
    Item {
        /// The map.
        map: usize,
    },
    /// A constant.
    Literal {
        /// Its position among the job's constants.
        literal: usize,
        /// The value as Rust writes it, if it is a number, a `bool`, a `char` or a text; a long text is cut.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// A value that is made of the job's configuration.
    Config {
        /// Its position among the run's constants.
        literal: usize,
    },
    /// A collected map.
    Collect {
        /// Which.
        collect: usize,
    },
    /// A fan-in of several.
    List {
        /// The elements, in order.
        elements: Vec<Self>,
        /// Its position among the job's fan-ins.
        list: usize,
    },
}

impl Source {
    /// Whether it is, or gathers, an output of this step.
    pub(crate) fn takes(&self, number: usize) -> bool {
        match self {
            Self::Output { step, .. } => *step == number,
            Self::List { elements, .. } => elements.iter().any(|element| element.takes(number)),
            Self::Item { .. } | Self::Literal { .. } | Self::Config { .. } | Self::Collect { .. } => false,
        }
    }
}

/// An output of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Output {
    /// The name.
    pub name: String,
    /// The type of the value, or of one item.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether there is one, at most one, or any number.
    pub kind: OutputKind,
    /// What remains of it when the process is gone.
    #[serde(default, skip_serializing_if = "Kept::is_default")]
    pub kept: Kept,
}

/// What remains of an output when the process is gone that made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kept {
    /// Its bytes, written by the [`Codec`](crate::io::Codec) of its type.
    #[default]
    Codec,
    /// What the IO manager of the step stores.
    Io,
    /// Nothing: it lives in memory alone, and a run that is resumed makes it anew.
    Memory,
}

impl Kept {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What runs once for each item of a dynamic output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Map {
    /// The map around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// The step that yields the items.
    pub step: usize,
    /// Its output.
    pub output: usize,
}

/// A map that is collected, for whoever takes a [`Source::Collect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Collect {
    /// The map.
    pub map: usize,
    /// What is collected of each item.
    pub element: Source,
    /// Whether failed items are elements too.
    pub results: bool,
}

impl Plan {
    /// The plan as indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The name of a step's output, for people: `split.large`, or `echo` where there is only one.
    #[must_use]
    pub fn output_name(&self, step: usize, output: usize) -> String {
        let step = &self.steps[step];
        match step.outputs.as_slice() {
            [_] => step.name.clone(),
            outputs => format!("{}.{}", step.name, outputs[output].name),
        }
    }
}

impl Job {
    /// The job's plan.
    ///
    /// # Panics
    /// If the job cannot be planned, with all problems as the message; [`Job::try_plan`] gives them as an error.
    #[must_use]
    #[track_caller]
    pub fn plan(&self) -> Plan {
        match self.try_plan() {
            Ok(plan) => plan,
            Err(error) => panic!("{error}"),
        }
    }

    /// The job's plan.
    ///
    /// # Errors
    /// All problems that the types could not see, with their source places.
    pub fn try_plan(&self) -> Result<Plan, PlanError> {
        Program::compile(self).map(|program| program.plan)
    }
}
