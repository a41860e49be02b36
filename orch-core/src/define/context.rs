use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use super::{Given, HookDef, Tags};
use crate::ids::{MappingKey, RunId, StepPath};

/// What an op's code sees of the run it is part of. Ask for it with a parameter of this type.
///
/// Cheap to clone. A test that calls the op's function itself makes one with [`Context::for_test`].
#[derive(Clone, Debug)]
pub struct Context {
    run: Arc<RunContext>,
    /// The step's number in the plan.
    number: u32,
    step: StepPath,
    attempt: u32,
    /// Of this attempt alone, where it can be stopped alone.
    cancel: Option<Cancel>,
}

/// What all contexts of a run share.
#[derive(Debug)]
pub(crate) struct RunContext {
    pub(crate) run: RunId,
    pub(crate) job: Arc<str>,
    pub(crate) tags: Tags,
    pub(crate) cancel: Cancel,
    /// What each step of the plan asked for, while the resources are open.
    pub(crate) given: RwLock<Vec<Given>>,
    /// What each hook asked for, while the resources are open.
    pub(crate) hooks: RwLock<Vec<(Arc<HookDef>, Given)>>,
}

impl RunContext {
    /// Of a job `test`, always the same run.
    pub(super) fn for_test() -> Self {
        Self {
            run: RunId::from_u128(0),
            job: "test".into(),
            tags: Tags::new(),
            cancel: Cancel::new(),
            given: RwLock::default(),
            hooks: RwLock::default(),
        }
    }

    /// What a hook asked for.
    pub(crate) fn of_hook(&self, hook: &Arc<HookDef>) -> Given {
        let hooks = self.hooks.read().unwrap_or_else(PoisonError::into_inner);
        hooks.iter().find(|(other, _)| other == hook).map(|(_, given)| given.clone()).unwrap_or_default()
    }

    /// The same with one more tag.
    pub(super) fn with_tag(&self, key: String, value: String) -> Self {
        let Self { run, job, tags, cancel, .. } = self;
        let mut tags = tags.clone();
        tags.insert(key, value);
        Self { run: *run, job: Arc::clone(job), tags, cancel: cancel.clone(), ..Self::for_test() }
    }
}

impl Context {
    pub(crate) fn new(
        run: Arc<RunContext>,
        number: usize,
        step: StepPath,
        attempt: u32,
        cancel: Option<Cancel>,
    ) -> Self {
        Self { run, number: number as u32, step, attempt, cancel }
    }

    /// A context for calling an op's function in a test: step `step` of a job `test`, first attempt, fixed run.
    #[must_use]
    pub fn for_test(step: &str) -> Self {
        let step = step.parse().unwrap_or_else(|_| StepPath::new(step, None));
        Self::new(Arc::new(RunContext::for_test()), 0, step, 1, None)
    }

    /// What the step asked for.
    pub(super) fn given(&self) -> Given {
        let given = self.run.given.read().unwrap_or_else(PoisonError::into_inner);
        given.get(self.number as usize).cloned().unwrap_or_default()
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

    /// The step, with its mapping keys: `load[100]`.
    #[must_use]
    pub fn step(&self) -> &StepPath {
        &self.step
    }

    /// The key of the innermost map the step is in.
    #[must_use]
    pub fn mapping_key(&self) -> Option<&MappingKey> {
        self.step.branch().map(crate::ids::Branch::key)
    }

    /// Which attempt at the step this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The tags of the run.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.run.tags
    }

    /// The same for every attempt at this step in this run: what makes an outside effect happen once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.run.run, self.step)
    }

    /// Whether the run was canceled or this attempt timed out. Sync code that runs for long should look now and then,
    /// and return; async code is dropped at its next await.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.run.cancel.is_canceled() || self.cancel.as_ref().is_some_and(Cancel::is_canceled)
    }
}

/// Asks for something to stop, across threads; once asked, it stays so.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    canceled: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// A token that nobody has canceled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the stop.
    pub fn cancel(&self) {
        self.0.canceled.store(true, Ordering::Release);
        self.0.notify.notify_waiters();
    }

    /// Whether the stop was asked for.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.canceled.load(Ordering::Acquire)
    }

    /// Waits until the stop is asked for.
    pub async fn canceled(&self) {
        let notified = self.0.notify.notified();
        tokio::pin!(notified);
        // Registered before the look, else a stop between look and wait would be missed.
        notified.as_mut().enable();
        if !self.is_canceled() {
            notified.await;
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_canceled())
    }
}
