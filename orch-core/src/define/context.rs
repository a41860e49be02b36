use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use super::{Given, HookDef, KnownAssets, ReadPartitions, ReadsAssets, RunPartitions, Saying, Tags};
use crate::asset::{InputVersion, MetadataValue, TypedMetadata};
use crate::failure::Failure;
use crate::ids::{MappingKey, RunId, StepPath};
use crate::partition::{BySet, DynamicPartitions, HoldsKeys, KeysInMemory, Partitioning};
use crate::value::{TypeInfo, Value};

/// What an op's code sees of the run it is part of. Ask for it with a parameter of this type.
///
/// Cheap to clone. A test that calls the op's function itself makes one with [`Context::for_test`], of which all that can be
/// asked has a value:
///
/// ```
/// use orch_core::define::{Cancel, Context};
/// use orch_core::ids::RunId;
///
/// let context = Context::for_test("load[100]");
/// assert_eq!(context.step().to_string(), "load[100]");
/// assert_eq!(context.mapping_key().map(ToString::to_string).as_deref(), Some("100"));
/// assert_eq!((context.job(), context.attempt()), ("test", 1));
/// assert!(context.tags().is_empty() && !context.is_canceled());
///
/// let cancel = Cancel::new();
/// let context = context.with_job("dex").with_attempt(2).with_tag("env", "test").with_cancel(cancel.clone());
/// let context = context.with_run_id(RunId::from_u128(7));
/// assert_eq!((context.job(), context.attempt()), ("dex", 2));
/// assert_eq!(context.tags()["env"], "test");
/// assert_eq!(context.run_id(), RunId::from_u128(7));
/// assert_eq!(context.idempotency_key(), format!("{}/load[100]", context.run_id()));
/// cancel.cancel();
/// assert!(context.is_canceled());
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    run: Arc<RunContext>,
    /// The step's number in the plan.
    number: u32,
    step: StepPath,
    attempt: u32,
    /// Of this attempt alone, where it can be stopped alone.
    cancel: Option<Cancel>,
    /// What is said of the asset that the step makes, if it makes one.
    said: Option<Saying>,
}

/// What all contexts of a run share.
#[derive(Debug)]
pub(crate) struct RunContext {
    pub(crate) run: RunId,
    pub(crate) job: Arc<str>,
    pub(crate) tags: Tags,
    pub(crate) cancel: Cancel,
    /// For steps that read what others have stored.
    pub(crate) reader: Option<Arc<dyn ReadsAssets>>,
    /// The partitions that the run is for, by the steps that give them.
    pub(crate) partitions: HashMap<usize, Arc<RunPartitions>>,
    pub(crate) assets: KnownAssets,
    /// Who has the sets of keys of dynamic partitions.
    pub(crate) keys: Arc<dyn HoldsKeys>,
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
            reader: None,
            partitions: HashMap::new(),
            assets: KnownAssets::default(),
            keys: Arc::new(KeysInMemory::default()),
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
        self.changed(|run| {
            run.tags.insert(key, value);
        })
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let Self { run, job, tags, cancel, assets, keys, .. } = self;
        let (job, tags, cancel, assets) = (Arc::clone(job), tags.clone(), cancel.clone(), assets.clone());
        let keys = Arc::clone(keys);
        let mut changed = Self { run: *run, job, tags, cancel, assets, keys, ..Self::for_test() };
        change(&mut changed);
        changed
    }
}

impl Context {
    pub(crate) fn new(
        run: Arc<RunContext>,
        number: usize,
        step: StepPath,
        attempt: u32,
        cancel: Option<Cancel>,
        said: Option<Saying>,
    ) -> Self {
        Self { run, number: number as u32, step, attempt, cancel, said }
    }

    /// A context for calling an op's function in a test: step `step` of a job `test`, first attempt, fixed run. Mapping
    /// keys stand in the step: `load[100]`.
    #[must_use]
    pub fn for_test(step: &str) -> Self {
        let step = step.parse().unwrap_or_else(|_| StepPath::new(step, None));
        Self::new(Arc::new(RunContext::for_test()), 0, step, 1, None, Some(Saying::default()))
    }

    /// For a test: of this attempt, from 1.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// For a test: in a run with this tag.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.run = Arc::new(self.run.with_tag(key.into(), value.into()));
        self
    }

    /// For a test: in a run of a job of this name.
    #[must_use]
    pub fn with_job(self, job: impl Into<Arc<str>>) -> Self {
        self.changed(|run| run.job = job.into())
    }

    /// For a test: in this run.
    #[must_use]
    pub fn with_run_id(self, id: RunId) -> Self {
        self.changed(|run| run.run = id)
    }

    /// For a test: in a run that is canceled when `cancel` is, perhaps while the op's function runs.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        self.changed(|run| run.cancel = cancel)
    }

    /// What the run knows of assets.
    pub(super) fn known(&self) -> &KnownAssets {
        &self.run.assets
    }

    pub(super) fn changed(mut self, change: impl FnOnce(&mut RunContext)) -> Self {
        self.run = Arc::new(self.run.changed(change));
        self
    }

    /// The partitions of a type that are the keys of a set in the instance, to be looked at and changed. What a step adds, runs
    /// that begin later have: this one goes on with the keys that there were when it began.
    ///
    /// ```
    /// use orch_core::define::Context;
    /// use orch_core::failure::Failure;
    /// use orch_core::partition::{BySet, Partitioning, PartitionsDefinition};
    ///
    /// struct Customers;
    ///
    /// impl Partitioning for Customers {
    ///     type Kind = BySet;
    ///
    ///     fn definition() -> PartitionsDefinition {
    ///         PartitionsDefinition::dynamic("customers")
    ///     }
    /// }
    ///
    /// fn find_customers(context: &Context) -> Result<usize, Failure> {
    ///     let new = context.partitions::<Customers>().add(["acme", "beta"])?;
    ///     Ok(new.changed.len())
    /// }
    ///
    /// // The test of the function has a set of its own.
    /// let context = Context::for_test("find_customers");
    /// context.partitions::<Customers>().add(["beta"])?;
    /// assert_eq!(find_customers(&context)?, 1);
    /// assert_eq!(context.partitions::<Customers>().keys()?.len(), 2);
    /// # Ok::<(), Failure>(())
    /// ```
    #[must_use]
    pub fn partitions<P: Partitioning<Kind = BySet>>(&self) -> DynamicPartitions<P> {
        DynamicPartitions::held_by(Arc::clone(&self.run.keys))
    }

    /// The partitions that the step gives.
    pub(crate) fn given_partitions(&self) -> Result<Arc<RunPartitions>, Failure> {
        let partitions = self.run.partitions.get(&(self.number as usize));
        partitions.cloned().ok_or_else(|| Failure::contract("the run is told no partitions"))
    }

    /// The asset without partitions that the step reads, as a value of this type; if nothing is there this one, if there is one.
    pub(super) fn read_whole(&self, ty: TypeInfo, without: Option<fn() -> Value>) -> Result<Value, Failure> {
        let (value, version) = self.reader()?.read_whole((self.number as usize, &self.step), ty, without)?;
        self.has_read(version);
        Ok(value)
    }

    /// What the step makes of the partitions of an asset that it reads: those that its own partition is made of.
    pub(super) fn read_partitions(&self, reads: ReadPartitions) -> Result<Value, Failure> {
        let within = self.mapping_key().map(ToString::to_string);
        let (value, version) =
            self.reader()?.read_partitions(self.number as usize, within.as_deref(), reads)?;
        // That there were none is a version too: it is another one when there is something.
        self.has_read(Some(version));
        Ok(value)
    }

    fn reader(&self) -> Result<&dyn ReadsAssets, Failure> {
        let reader = self.run.reader.as_deref();
        reader.ok_or_else(|| Failure::contract("nobody reads assets in this run"))
    }

    fn has_read(&self, version: Option<InputVersion>) {
        if let Some(said) = &self.said {
            said.lock().read.extend(version);
        }
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

    /// Says something of the asset that the step makes or observes: it is told with its materialization, or with the version that
    /// was observed, under this name and as what it is. What is said twice holds as it was said last; what an attempt says that fails is forgotten.
    ///
    /// ```
    /// use orch_core::asset::MetadataValue;
    /// use orch_core::define::Context;
    ///
    /// // An op's function says it, and its test looks.
    /// let context = Context::for_test("orders");
    /// context.add_metadata("mean price", 12.5);
    /// context.add_metadata("source", MetadataValue::url("https://example.org/orders"));
    /// assert_eq!(context.metadata()["mean price"], MetadataValue::Float(12.5));
    /// ```
    ///
    /// Of a step that makes no asset there is nothing to say it of: the log of the step warns of it.
    pub fn add_metadata(&self, name: impl Into<String>, value: impl Into<MetadataValue>) {
        let (name, value) = (name.into(), value.into().written());
        match &self.said {
            Some(said) => _ = said.lock().metadata.insert(name, value),
            None => tracing::warn!("`{name}` is said of no asset: the step `{}` makes none", self.step),
        }
    }

    /// Says which version of the data the asset is, such as the date of its source. By default it is the hash of its bytes. Of an
    /// asset that is observed the version is the one that the observation returns, whatever is said here. An empty text says nothing.
    pub fn set_data_version(&self, version: impl Into<Arc<str>>) {
        match &self.said {
            Some(said) => said.lock().data_version = Some(version.into()),
            None => tracing::warn!("a data version is said of no asset: the step `{}` makes none", self.step),
        }
    }

    /// What was said of the asset so far, for the test of a function.
    #[must_use]
    pub fn metadata(&self) -> TypedMetadata {
        self.said.as_ref().map(|said| said.lock().metadata.clone()).unwrap_or_default()
    }

    /// The data version that was said so far, for the test of a function.
    #[must_use]
    pub fn data_version(&self) -> Option<Arc<str>> {
        self.said.as_ref().and_then(|said| said.lock().data_version.clone())
    }

    /// Whether the run was canceled or this attempt timed out. Sync code that runs for long should look now and then,
    /// and return; async code is dropped at its next await.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.run.cancel.is_canceled() || self.cancel.as_ref().is_some_and(Cancel::is_canceled)
    }
}

/// Asks for something to stop, across threads; once asked, it stays so. Whoever does not want to wait insists.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    canceled: AtomicBool,
    insisted: AtomicBool,
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

    /// Asks for the stop, if nobody has yet, and that nothing under way is waited for any more: a run is over at once, as if its
    /// [grace period](crate::run::Runner::grace) had passed.
    pub fn insist(&self) {
        self.0.insisted.store(true, Ordering::Release);
        self.cancel();
    }

    /// Whether nothing is to be waited for any more.
    #[must_use]
    pub fn is_insisted(&self) -> bool {
        self.0.insisted.load(Ordering::Acquire)
    }

    /// Waits until the stop is asked for.
    pub async fn canceled(&self) {
        self.until(Self::is_canceled).await;
    }

    /// Waits until nothing is to be waited for any more.
    pub async fn insisted(&self) {
        self.until(Self::is_insisted).await;
    }

    async fn until(&self, so: impl Fn(&Self) -> bool) {
        loop {
            let notified = self.0.notify.notified();
            tokio::pin!(notified);
            // Registered before the look, else what happens between look and wait would be missed.
            notified.as_mut().enable();
            if so(self) {
                return;
            }
            notified.await;
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_canceled())
    }
}
