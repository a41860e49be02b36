use std::collections::BTreeMap;
use std::sync::Arc;

use super::{RunOutcome, StepOutcome};
use crate::define::{Given, Res, Resource, RunContext, Tags};
use crate::failure::{ErrorInfo, Failure};
use crate::ids::{RunId, StepPath};

/// What IO managers say of a step's outputs: by output, by key.
pub(crate) type OutputMetadata = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// What a hook sees of the step that it is called for. Ask for it with a parameter of this type.
///
/// Cheap to clone. A test that calls the hook's function itself makes one with [`HookContext::for_test`]:
///
/// ```
/// use orch_core::define::{HookContext, StepOutcome};
/// use orch_core::failure::{ErrorInfo, ErrorKind};
///
/// let error = ErrorInfo::new(ErrorKind::Error, "disk full");
/// let context = HookContext::for_test("load[7]", StepOutcome::Failed).with_error(error).with_attempt(3);
/// assert_eq!(context.op(), "load");
/// assert_eq!(context.error().map(|error| &*error.message), Some("disk full"));
/// ```
#[derive(Clone, Debug)]
pub struct HookContext {
    run: Arc<RunContext>,
    step: Arc<StepTold>,
    given: Given,
}

/// What the engine tells of a step.
#[derive(Clone, Debug)]
pub(crate) struct StepTold {
    pub(crate) path: StepPath,
    pub(crate) op: String,
    pub(crate) attempt: u32,
    pub(crate) outcome: StepOutcome,
    pub(crate) error: Option<Arc<ErrorInfo>>,
    pub(crate) outputs: OutputMetadata,
}

impl HookContext {
    pub(crate) fn new(run: Arc<RunContext>, step: Arc<StepTold>, given: Given) -> Self {
        Self { run, step, given }
    }

    /// A context for calling a hook's function in a test: of the first attempt at a step of a job `test`, in a fixed run.
    #[must_use]
    pub fn for_test(step: &str, outcome: StepOutcome) -> Self {
        let path = step.parse().unwrap_or_else(|_| StepPath::new(step, None));
        let op = path.name().rsplit('.').next().unwrap_or_default().to_owned();
        let step = StepTold { path, op, attempt: 1, outcome, error: None, outputs: OutputMetadata::new() };
        Self::new(Arc::new(RunContext::for_test()), Arc::new(step), Given::default())
    }

    /// For a test: with this error.
    #[must_use]
    pub fn with_error(self, error: ErrorInfo) -> Self {
        self.changed(|step| step.error = Some(Arc::new(error)))
    }

    /// For a test: after this attempt.
    #[must_use]
    pub fn with_attempt(self, attempt: u32) -> Self {
        self.changed(|step| step.attempt = attempt)
    }

    /// For a test: with something that an IO manager says of an output.
    #[must_use]
    pub fn with_metadata(
        self,
        output: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.changed(|step| {
            step.outputs.entry(output.into()).or_default().insert(key.into(), value.into());
        })
    }

    /// For a test: in a run with this tag.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.run = Arc::new(self.run.with_tag(key.into(), value.into()));
        self
    }

    fn changed(mut self, change: impl FnOnce(&mut StepTold)) -> Self {
        change(Arc::make_mut(&mut self.step));
        self
    }

    /// The run.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.run.run
    }

    /// The name of the job.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.run.job
    }

    /// The tags of the run.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.run.tags
    }

    /// The step, with its mapping keys: `load[100]`.
    #[must_use]
    pub fn step(&self) -> &StepPath {
        &self.step.path
    }

    /// The name of the op.
    #[must_use]
    pub fn op(&self) -> &str {
        &self.step.op
    }

    /// The last attempt at the step, from 1; 0 if there was none.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.step.attempt
    }

    /// What the step has come to.
    #[must_use]
    pub fn outcome(&self) -> StepOutcome {
        self.step.outcome
    }

    /// Why it did not succeed: the error of its last attempt, or of the step that it needs and that failed. None if it
    /// succeeded, or if the run was canceled before it began.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorInfo> {
        self.step.error.as_deref()
    }

    /// What IO managers say of the step's outputs, by the output's name; nothing of those that are not stored, and
    /// nothing of the items of a dynamic output.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, BTreeMap<String, serde_json::Value>> {
        &self.step.outputs
    }

    /// Resource number `index` of those that the hook takes.
    ///
    /// # Errors
    /// If there is none of this number and type, or if it could not be opened, for which the run failed.
    pub fn resource<T: Resource + ?Sized>(&self, index: usize) -> Result<Res<T>, Failure> {
        self.given.resource(index)
    }
}

/// What a hook sees of the run that it is called for. Ask for it with a parameter of this type.
///
/// Cheap to clone. A test that calls the hook's function itself makes one with [`RunHookContext::for_test`].
#[derive(Clone, Debug)]
pub struct RunHookContext {
    run: Arc<RunContext>,
    end: Arc<RunTold>,
    given: Given,
}

/// What the engine tells of a run that is over.
#[derive(Clone, Debug)]
pub(crate) struct RunTold {
    pub(crate) outcome: RunOutcome,
    pub(crate) failed: u64,
    pub(crate) first: Vec<(StepPath, Arc<ErrorInfo>)>,
    pub(crate) resource: Option<(Arc<str>, Arc<ErrorInfo>)>,
}

impl RunHookContext {
    pub(crate) fn new(run: Arc<RunContext>, end: Arc<RunTold>, given: Given) -> Self {
        Self { run, end, given }
    }

    /// A context for calling a hook's function in a test: of a run of a job `test`.
    #[must_use]
    pub fn for_test(outcome: RunOutcome) -> Self {
        let end = RunTold { outcome, failed: 0, first: Vec::new(), resource: None };
        Self::new(Arc::new(RunContext::for_test()), Arc::new(end), Given::default())
    }

    /// For a test: with one more failed step.
    #[must_use]
    pub fn with_failed(self, step: &str, error: ErrorInfo) -> Self {
        let path = step.parse().unwrap_or_else(|_| StepPath::new(step, None));
        self.changed(|end| {
            end.failed += 1;
            end.first.push((path, Arc::new(error)));
        })
    }

    /// For a test: without this resource, which could not be opened.
    #[must_use]
    pub fn with_unopened(self, resource: impl Into<Arc<str>>, error: ErrorInfo) -> Self {
        self.changed(|end| end.resource = Some((resource.into(), Arc::new(error))))
    }

    /// For a test: of a run with this tag.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.run = Arc::new(self.run.with_tag(key.into(), value.into()));
        self
    }

    fn changed(mut self, change: impl FnOnce(&mut RunTold)) -> Self {
        change(Arc::make_mut(&mut self.end));
        self
    }

    /// The run.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.run.run
    }

    /// The name of the job.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.run.job
    }

    /// The tags of the run.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.run.tags
    }

    /// What the run has come to.
    #[must_use]
    pub fn outcome(&self) -> RunOutcome {
        self.end.outcome
    }

    /// How many steps failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.end.failed
    }

    /// The first few steps that failed, with their errors.
    pub fn first_failed(&self) -> impl Iterator<Item = (&StepPath, &ErrorInfo)> {
        self.end.first.iter().map(|(step, error)| (step, &**error))
    }

    /// The resource that could not be opened, so that no step began, and why.
    #[must_use]
    pub fn unopened(&self) -> Option<(&str, &ErrorInfo)> {
        self.end.resource.as_ref().map(|(resource, error)| (&**resource, &**error))
    }

    /// Resource number `index` of those that the hook takes.
    ///
    /// # Errors
    /// If there is none of this number and type, or if it could not be opened, for which the run failed.
    pub fn resource<T: Resource + ?Sized>(&self, index: usize) -> Result<Res<T>, Failure> {
        self.given.resource(index)
    }
}
