use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::define::{Backoff, Jitter, Order};

/// A job, described. `S` is what is known of each step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Job", description = "A job of orch, built of steps whose ops are written in Rust.")]
pub(super) struct JobModel<S> {
    /// The job's name: letters, digits and `_`.
    pub(super) job: String,
    /// What the job is for.
    pub(super) description: Option<String>,
    /// When the job is to run, as cron text: `0 6 * * *`. It is checked and kept; nothing starts runs by itself yet.
    pub(super) schedule: Option<String>,
    /// The priority of the job's runs, higher first. It is kept as their tag `orch/priority`: runs that wait for each other do
    /// not exist yet.
    pub(super) priority: Option<i64>,
    /// Tags of every run of the job.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// How many steps may run at once; by default as many as the process has processors.
    #[schemars(range(min = 1))]
    pub(super) max_concurrent: Option<usize>,
    /// How many items of one dynamic output may be alive at once; by default twice `max_concurrent`.
    #[schemars(range(min = 1))]
    pub(super) max_in_flight: Option<usize>,
    /// Which of several ready steps goes first; by default the one that lies deeper.
    pub(super) order: Option<Order>,
    /// The retry policy of steps whose op declares none.
    pub(super) retry: Option<RetryModel>,
    /// How many steps with a tag may run at once.
    #[serde(default)]
    pub(super) limits: Vec<LimitModel>,
    /// The steps, by name.
    #[expect(dead_code, reason = "steps are read one by one, each with its places")]
    pub(super) steps: BTreeMap<String, S>,
}

/// One step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(super) struct StepModel {
    /// The op kind: the name of an op of the program.
    pub(super) op: String,
    /// Runs the step once for each item of this dynamic output: `step`, or `step.output`.
    pub(super) map: Option<String>,
    /// What feeds the op's inputs, by their names.
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, InputModel>,
    /// The op's configuration; what is left out comes from the run's.
    #[schemars(with = "Option<BTreeMap<String, Json>>")]
    #[expect(dead_code, reason = "what is checked is the tree, with its places")]
    pub(super) config: Option<Json>,
    /// Steps that this one waits for, without taking a value of them.
    #[serde(default)]
    pub(super) after: Vec<String>,
    /// The priority among ready steps, higher first.
    pub(super) priority: Option<i64>,
    /// Tags of the step, besides those of the op.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// The retry policy, before those of the op and the job.
    pub(super) retry: Option<RetryModel>,
}

/// What feeds an input: `step`, or `step.output`; a list of them; `{ collect: step }`; `{ value: 50 }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Input")]
pub(super) enum InputModel {
    /// The output of a step.
    Step(String),
    /// The outputs of several steps, as a list.
    Steps(Vec<String>),
    /// All values of a map, once it is finished.
    Collect(CollectModel),
    /// A constant.
    #[expect(dead_code, reason = "what is read is the tree, with its places")]
    Value(ValueModel),
}

/// All values of a map, once it is finished.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Collect")]
pub(super) struct CollectModel {
    /// The step in the map, or the one whose dynamic output is gathered as it is.
    pub(super) collect: String,
}

/// A constant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Constant")]
pub(super) struct ValueModel {
    /// The value, as the input's type is written.
    #[serde(rename = "value")]
    pub(super) _value: Json,
}

/// How often and when a failed attempt is followed by another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retry")]
pub(super) struct RetryModel {
    /// How many attempts may follow the first.
    pub(super) max: u32,
    /// The time before a retry: `1s`, `1m 30s`.
    pub(super) delay: Option<String>,
    /// How the delay grows.
    #[serde(default)]
    pub(super) backoff: Backoff,
    /// How the delay is spread.
    #[serde(default)]
    pub(super) jitter: Jitter,
}

/// How many steps with a tag may run at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Limit")]
pub(super) struct LimitModel {
    /// The tag's key.
    pub(super) tag: String,
    /// Only steps with this value; without it all that have the tag.
    pub(super) value: Option<String>,
    /// Whether each value of the tag has a limit of its own.
    #[serde(default)]
    pub(super) per_value: bool,
    /// How many.
    #[schemars(range(min = 1))]
    pub(super) max: usize,
}
