use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LostCause, SkipCause};
use crate::asset::{AssetKey, CheckResult, CheckTarget, InputVersion, Recipe, TypedMetadata};
use crate::failure::ErrorInfo;
use crate::ids::{MappingKey, RunId, StepPath};

/// One thing that happened in a run. The events of a run, in the order of their emission, are its whole truth.
///
/// As JSON an event is one flat object: `event` has the name of its kind, `time` is in RFC 3339, `step` is text as
/// `load[100]`, and a duration has whole seconds and the rest in nanoseconds, `{"secs":1,"nanos":500000000}`. What is
/// empty is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// When, in UTC. All events of one turn of the engine share a time.
    pub time: Timestamp,
    /// In which run.
    pub run: RunId,
    /// At which step; none for events of the run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPath>,
    /// In which attempt at the step, from 1; 0 where there was no attempt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// This happened in the run: at a step in an attempt, from 1, or at none, in attempt 0.
    #[must_use]
    pub fn new(time: Timestamp, run: RunId, step: Option<StepPath>, attempt: u32, kind: EventKind) -> Self {
        Self { time, run, step, attempt, kind }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// What happened. The names are the field's own.
///
/// The events of an attempt at a step begin with its start and its inputs and end with its success or failure. In
/// between come its outputs, each followed by who stored it, and the ends of its streams. Log lines come when they are
/// told: after the start, and from code that outlives its timeout also after the end, but none after the last event of
/// the run. So do the outcomes of the step's hooks, after its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run began; the first event of every run.
    #[non_exhaustive]
    RunStart {
        /// The job's name.
        job: Arc<str>,
        /// The tags of the job and of the run.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        tags: BTreeMap<String, String>,
        /// How many steps may run at once.
        max_concurrent: usize,
        /// The steps of the plan, in its order. With them whoever reads the events knows what is still to come.
        #[serde(default, skip_serializing_if = "no_steps")]
        steps: Arc<[PlannedStep]>,
    },
    /// The run goes on, in another process than before: the one that ran it is gone. Events before this are of that one.
    ///
    /// What had begun and not ended is told to be interrupted, and what is to be made anew to be lost, with this event. If the
    /// run is being canceled, as may be told right before, it goes on only to end, and with nothing.
    #[non_exhaustive]
    RunResumed {
        /// The ops whose functions are not those with which the run was begun, as far as they tell their fingerprints.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        other_code: Vec<Arc<str>>,
    },
    /// An attempt was under way when its process was gone; another will follow. It does not count as one that failed.
    StepInterrupted,
    /// The step had succeeded, and what it gave is needed and no longer there: it runs again. The attempt is the one that
    /// had succeeded.
    #[non_exhaustive]
    StepLost {
        /// Why it is not there.
        cause: LostCause,
    },
    /// The first attempt at a step began.
    #[non_exhaustive]
    StepStart {
        /// How long the step had been ready, waiting for a slot.
        waited: Duration,
    },
    /// A later attempt began, in place of [`EventKind::StepStart`].
    #[non_exhaustive]
    StepRestarted {
        /// How long the step had been ready, waiting for a slot.
        waited: Duration,
    },
    /// An input was supplied.
    #[non_exhaustive]
    StepInput {
        /// The op's parameter.
        input: Arc<str>,
        /// How many values it was gathered from, where it is a fan-in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gathered: Option<usize>,
    },
    /// The op's code logged something, through `tracing`; or, of no step, a hook of the run or what opens or closes a resource.
    #[non_exhaustive]
    Log {
        /// How urgent it is.
        level: LogLevel,
        /// The target, by default the module.
        target: Arc<str>,
        /// The message.
        message: String,
        /// Further fields.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
    },
    /// An output has its value.
    #[non_exhaustive]
    StepOutput {
        /// The output's name, `result` where it has none of its own.
        output: Arc<str>,
        /// The key, where it is one item of a dynamic output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MappingKey>,
    },
    /// An IO manager has stored an output.
    #[non_exhaustive]
    HandledOutput {
        /// The output's name.
        output: Arc<str>,
        /// The IO manager's key.
        io: Arc<str>,
        /// What the IO manager says of it: path, size, hash, rows.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: BTreeMap<String, serde_json::Value>,
    },
    /// An asset was materialized: the output that was told before this is its data, and is stored.
    #[non_exhaustive]
    AssetMaterialization {
        /// The asset.
        asset: AssetKey,
        /// The partition, of an asset that has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<Arc<str>>,
        /// What the code and the IO manager say of it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: TypedMetadata,
        /// The version of the code that made it, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code_version: Option<Arc<str>>,
        /// The version of the data: given by the code, or the hash of its bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_version: Option<Arc<str>>,
        /// What it was made of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        inputs: Vec<InputVersion>,
        /// All that its value depends on, with versions.
        #[serde(default, skip_serializing_if = "Recipe::is_empty")]
        recipe: Recipe,
    },
    /// An asset was not materialized, by the last attempt at the step that makes it, or not looked at by the one that observes it; the
    /// failure of the step follows.
    #[non_exhaustive]
    AssetFailedToMaterialize {
        /// The asset.
        asset: AssetKey,
        /// The partition, of an asset that has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<Arc<str>>,
        /// Whether others make it, and it was to be observed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        observed: bool,
    },
    /// What a memoized step gives was made of this; that it has succeeded follows.
    #[non_exhaustive]
    OpRecipe {
        /// The name by which the op is known, with the modules in which it lies.
        op: Arc<str>,
        /// All that its outputs depend on, with versions.
        recipe: Recipe,
        /// Its outputs that have a value, each with the version of that.
        outputs: BTreeMap<Arc<str>, Option<Arc<str>>>,
    },
    /// The step did not run: it would make what was made before of the same, and so that is taken.
    #[non_exhaustive]
    StepMemoized {
        /// The run that made it, of several assets the first.
        of: RunId,
        /// What is taken.
        taken: Taken,
    },
    /// A check has looked at an asset. If it is blocking and has found an error, the failure of its step follows.
    #[non_exhaustive]
    AssetCheckEvaluation {
        /// The asset.
        asset: AssetKey,
        /// The check, by its name among those of the asset.
        check: Arc<str>,
        /// The partition, of an asset that has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<Arc<str>>,
        /// Whether what is made of the asset waits for it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocking: bool,
        /// What it has found.
        result: Box<CheckResult>,
        /// The materialization that it looked at, if one is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<CheckTarget>,
    },
    /// A run has looked at an asset that others make, or at a partition of one, and found which version of its data is there, or
    /// that nothing is.
    #[non_exhaustive]
    AssetObservation {
        /// The asset.
        asset: AssetKey,
        /// The partition, of an asset that has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<Arc<str>>,
        /// The version; none if nothing is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_version: Option<Arc<str>>,
        /// What the code says of the data.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: TypedMetadata,
    },
    /// A dynamic output has ended: `collect` now knows the exact number of items.
    #[non_exhaustive]
    StreamClosed {
        /// The output's name.
        output: Arc<str>,
        /// How many items it has.
        count: u64,
        /// How many more an earlier attempt had emitted, which came to no end; these are left out.
        #[serde(default, skip_serializing_if = "no_orphans")]
        orphaned: u64,
        /// The keys of these, in the order of their emission: of what was emitted anew no event tells.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orphans: Vec<MappingKey>,
    },
    /// The attempt, and with it the step, succeeded.
    StepSuccess,
    /// The attempt failed, another will follow.
    #[non_exhaustive]
    StepUpForRetry {
        /// Why.
        error: Arc<ErrorInfo>,
        /// After what delay.
        delay: Duration,
    },
    /// The last attempt failed, and with it the step.
    #[non_exhaustive]
    StepFailure {
        /// Why.
        error: Arc<ErrorInfo>,
    },
    /// The step will not run in this run.
    #[non_exhaustive]
    StepSkipped {
        /// Why.
        cause: SkipCause,
    },
    /// The opening of a resource began; no step begins before all are open.
    #[non_exhaustive]
    ResourceInitStarted {
        /// The resource's key.
        resource: Arc<str>,
    },
    /// A resource is open.
    #[non_exhaustive]
    ResourceInitSuccess {
        /// The resource's key.
        resource: Arc<str>,
        /// How long its opening took.
        took: Duration,
    },
    /// A resource could not be opened: no step will begin. Of kind [`Canceled`](crate::failure::ErrorKind::Canceled) if
    /// its opening was given up because the run was canceled.
    #[non_exhaustive]
    ResourceInitFailure {
        /// The resource's key.
        resource: Arc<str>,
        /// Why.
        error: Arc<ErrorInfo>,
    },
    /// A resource is closed again, after all steps.
    #[non_exhaustive]
    ResourceClosed {
        /// The resource's key.
        resource: Arc<str>,
        /// How long its closing took.
        took: Duration,
    },
    /// A resource could not be closed, or not in time. What the run has come to stays as it is.
    #[non_exhaustive]
    ResourceCloseFailure {
        /// The resource's key.
        resource: Arc<str>,
        /// Why.
        error: Arc<ErrorInfo>,
    },
    /// A hook was called and has ended well. Of a hook of runs the event has no step.
    #[non_exhaustive]
    HookCompleted {
        /// The hook's name.
        hook: Arc<str>,
        /// How long it took.
        took: Duration,
    },
    /// A hook failed, panicked or did not end in time. What it was called for stays as it is.
    #[non_exhaustive]
    HookErrored {
        /// The hook's name.
        hook: Arc<str>,
        /// Why.
        error: Arc<ErrorInfo>,
    },
    /// Cancellation was asked for; nothing starts after this.
    RunCanceling,
    /// The run is over, all steps succeeded or were skipped for want of an optional output.
    RunSuccess,
    /// The run is over: at least one step failed, or a resource could not be opened and no step began.
    #[non_exhaustive]
    RunFailure {
        /// How many steps failed.
        failed: u64,
        /// The first of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<StepPath>,
        /// The resource that could not be opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<Arc<str>>,
    },
    /// The run is over because it was canceled; before this every step that was known has been told to be over.
    #[non_exhaustive]
    RunCanceled {
        /// Steps whose code did not end within the grace period and may still be running; their results are ignored.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        detached: Vec<StepPath>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn no_orphans(n: &u64) -> bool {
    *n == 0
}

impl EventKind {
    /// Whether this is the last event of a run.
    #[must_use]
    pub fn ends_run(&self) -> bool {
        matches!(self, Self::RunSuccess | Self::RunFailure { .. } | Self::RunCanceled { .. })
    }

    /// The field's name of the kind, as it is serialized: `STEP_START`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStart { .. } => "RUN_START",
            Self::RunResumed { .. } => "RUN_RESUMED",
            Self::StepInterrupted => "STEP_INTERRUPTED",
            Self::StepLost { .. } => "STEP_LOST",
            Self::StepStart { .. } => "STEP_START",
            Self::StepRestarted { .. } => "STEP_RESTARTED",
            Self::StepInput { .. } => "STEP_INPUT",
            Self::Log { .. } => "LOG",
            Self::StepOutput { .. } => "STEP_OUTPUT",
            Self::HandledOutput { .. } => "HANDLED_OUTPUT",
            Self::AssetMaterialization { .. } => "ASSET_MATERIALIZATION",
            Self::AssetFailedToMaterialize { .. } => "ASSET_FAILED_TO_MATERIALIZE",
            Self::OpRecipe { .. } => "OP_RECIPE",
            Self::StepMemoized { .. } => "STEP_MEMOIZED",
            Self::AssetCheckEvaluation { .. } => "ASSET_CHECK_EVALUATION",
            Self::AssetObservation { .. } => "ASSET_OBSERVATION",
            Self::StreamClosed { .. } => "STREAM_CLOSED",
            Self::StepSuccess => "STEP_SUCCESS",
            Self::StepUpForRetry { .. } => "STEP_UP_FOR_RETRY",
            Self::StepFailure { .. } => "STEP_FAILURE",
            Self::StepSkipped { .. } => "STEP_SKIPPED",
            Self::ResourceInitStarted { .. } => "RESOURCE_INIT_STARTED",
            Self::ResourceInitSuccess { .. } => "RESOURCE_INIT_SUCCESS",
            Self::ResourceInitFailure { .. } => "RESOURCE_INIT_FAILURE",
            Self::ResourceClosed { .. } => "RESOURCE_CLOSED",
            Self::ResourceCloseFailure { .. } => "RESOURCE_CLOSE_FAILURE",
            Self::HookCompleted { .. } => "HOOK_COMPLETED",
            Self::HookErrored { .. } => "HOOK_ERRORED",
            Self::RunCanceling => "RUN_CANCELING",
            Self::RunSuccess => "RUN_SUCCESS",
            Self::RunFailure { .. } => "RUN_FAILURE",
            Self::RunCanceled { .. } => "RUN_CANCELED",
        }
    }
}

/// What is taken in the place of what a step would make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Taken {
    /// Of each asset that it would make the latest materialization.
    Assets(Vec<InputVersion>),
    /// What a step of the same op has given.
    Step(GivenBy),
}

/// The step that has given what is taken, in the run that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GivenBy {
    /// Which.
    pub path: StepPath,
    /// The number of the event that tells of what it was made, in the log of that run.
    pub event: u64,
}

impl GivenBy {
    /// By this step, as the event of this number tells.
    #[must_use]
    pub fn new(path: StepPath, event: u64) -> Self {
        Self { path, event }
    }
}

fn no_steps(steps: &Arc<[PlannedStep]>) -> bool {
    steps.is_empty()
}

/// A step of the plan, as the first event of a run names it: once, whatever the number of its mapped copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedStep {
    /// The step's name in the plan, without mapping keys.
    pub name: Arc<str>,
    /// The innermost dynamic output it is mapped over; none outside maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<StreamName>,
}

/// A dynamic output, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamName {
    /// The name of the step that emits it, without mapping keys.
    pub step: Arc<str>,
    /// The output's name.
    pub output: Arc<str>,
}

/// How urgent a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// The finest.
    Trace,
    /// For the one who looks for a fault.
    Debug,
    /// For the one who follows a run.
    Info,
    /// Something to look at.
    Warn,
    /// Something is wrong.
    Error,
}

#[cfg(test)]
mod tests {
    use crate::event::sample::Log;

    #[test]
    fn an_event_is_serialized_under_its_name_and_read_back_as_it_was() {
        let mut log = Log::new("pages", &["extract"]);
        log.opening("db").opened("db", 40).not_opened("api", "no route").closed("db", 5);
        log.hook_completed(Some("load"), "tell", 1).hook_errored(None, "page", "no");
        log.not_closed("api", "broken pipe").run_failure(1, "extract").run_without("api");
        log.resumed().interrupted("load", 1).lost("extract", 2).close("extract", 1, 1);
        for event in log.events() {
            let json = serde_json::to_value(event).expect("an event is JSON");
            assert_eq!(json["event"], event.kind.name());
            let back: super::Event = serde_json::from_value(json).expect("as it was written");
            assert_eq!(back, *event);
        }
        let last = serde_json::to_string(&log.events()[9].kind).expect("an event is JSON");
        insta::assert_snapshot!(last, @r#"{"event":"RUN_FAILURE","failed":0,"resource":"api"}"#);
    }
}
