use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::assets::AssetJob;
use super::{Environment, Runner};
use crate::config::RunConfig;
use crate::define::{Hook, HookDef, Opens, Resource, ResourceDef};
use crate::graph::{AssetDef, AssetGraph, CheckDef, Job, ObservationDef};
use crate::io::IoManager;
use crate::value::Data;

/// All that a program offers: its jobs, and what surrounds their runs.
#[derive(Debug, Default)]
pub struct Definitions {
    jobs: Vec<JobSource>,
    /// All jobs, those of assets drawn, once someone asks.
    drawn: OnceLock<Vec<Job>>,
    /// All that were listed, also those of which the graph has another one.
    pub(super) listed: Vec<Arc<AssetDef>>,
    pub(super) listed_checks: Vec<Arc<CheckDef>>,
    pub(super) listed_observations: Vec<Arc<ObservationDef>>,
    /// How all of them stand to each other, once someone asks.
    pub(super) related: OnceLock<AssetGraph>,
    base: Environment,
    environments: BTreeMap<String, Environment>,
}

/// A job, or what it is drawn of.
#[derive(Debug)]
enum JobSource {
    Job(Job),
    Assets(Box<AssetJob>),
}

impl Definitions {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job. Its name should be its own: the command line runs jobs by name, and refuses two of the same.
    #[must_use]
    pub fn job(self, job: Job) -> Self {
        self.add_jobs([job])
    }

    /// Adds several jobs, such as those that a [`Registry`](crate::descriptor::Registry) reads from a folder.
    #[must_use]
    pub fn add_jobs(mut self, jobs: impl IntoIterator<Item = Job>) -> Self {
        self.jobs.extend(jobs.into_iter().map(JobSource::Job));
        self.undraw();
        self
    }

    pub(super) fn add_asset_job(&mut self, job: AssetJob) {
        self.jobs.push(JobSource::Assets(Box::new(job)));
        self.undraw();
    }

    /// Something has changed of which jobs are drawn.
    pub(super) fn undraw(&mut self) {
        self.drawn = OnceLock::new();
    }

    /// Adds a pool: at most `size` steps of the ops that name it run at once in a run. One of the same name is
    /// replaced; with a size of 0 no run begins.
    #[must_use]
    pub fn pool(self, name: impl Into<String>, size: usize) -> Self {
        self.change(|base| base.pool(name, size))
    }

    /// Adds the IO manager `key` for values of type `T`; one of the same key and type is replaced. An output of an op
    /// that names the key is stored by the one for its type.
    #[must_use]
    pub fn io<T: Data>(self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.change(|base| base.io(key, manager))
    }

    /// Adds a resource that is there: ops take it as `Res<T>`. Another one of the type without a key is replaced.
    #[must_use]
    #[track_caller]
    pub fn resource<T: Resource>(mut self, resource: T) -> Self {
        self.base = self.base.resource(resource);
        self
    }

    /// Adds a resource under a key, so that there may be several of its type: an op's parameter has the key's name.
    #[must_use]
    #[track_caller]
    pub fn resource_as<T: Resource>(mut self, key: impl Into<String>, resource: T) -> Self {
        self.base = self.base.resource_as(key, resource);
        self
    }

    /// Adds a resource that is shared already, or one of a trait: `.resource_shared::<dyn Store>(Arc::new(Folder))`, which
    /// ops take as `Res<dyn Store>`.
    #[must_use]
    #[track_caller]
    pub fn resource_shared<T: Resource + ?Sized>(mut self, resource: Arc<T>) -> Self {
        self.base = self.base.resource_shared(resource);
        self
    }

    /// As [`Definitions::resource_shared`], under a key.
    #[must_use]
    #[track_caller]
    pub fn resource_shared_as<T: Resource + ?Sized>(
        mut self,
        key: impl Into<String>,
        resource: Arc<T>,
    ) -> Self {
        self.base = self.base.resource_shared_as(key, resource);
        self
    }

    /// Adds what the function `R` with `#[resource]` opens: once for each run that needs it, after what it needs itself,
    /// and closed when the run is over.
    #[must_use]
    #[track_caller]
    pub fn resource_from<R: Opens>(mut self) -> Self {
        self.base = self.base.resource_from::<R>();
        self
    }

    /// Adds what a definition made with [`ResourceDef::builder`] opens.
    #[must_use]
    #[track_caller]
    pub fn resource_opened(mut self, def: &Arc<ResourceDef>) -> Self {
        self.base = self.base.resource_opened(def);
        self
    }

    /// Attaches a hook to all jobs: `Definitions::new().hook::<page_me>()`. One that a job has already is called once.
    #[must_use]
    pub fn hook<H: Hook>(self) -> Self {
        self.with_hook(H::def())
    }

    /// As [`Definitions::hook`], for a hook made with [`HookDef::builder`].
    #[must_use]
    pub fn with_hook(self, hook: &Arc<HookDef>) -> Self {
        self.change(|base| base.with_hook(hook))
    }

    /// Configures all runs, as far as they take it: what presets, files and the command line say goes before.
    #[must_use]
    pub fn config(self, config: RunConfig) -> Self {
        self.change(|base| base.config(config))
    }

    /// Names an environment: what differs in it from what the program has otherwise, such as the database. `run JOB
    /// --environment prod` runs in it. One of the same name is replaced.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, environment: Environment) -> Self {
        self.environments.insert(name.into(), environment);
        self
    }

    fn change(mut self, change: impl FnOnce(Environment) -> Environment) -> Self {
        self.base = change(self.base);
        self
    }

    /// The jobs, in the order in which they were added.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        self.drawn.get_or_init(|| {
            let draw = |job: &JobSource| match job {
                JobSource::Job(job) => job.clone(),
                JobSource::Assets(job) => job.draw(self.asset_graph()),
            };
            self.jobs.iter().map(draw).collect()
        })
    }

    /// The names of the environments.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.environments.keys().map(String::as_str)
    }

    /// What surrounds the runs, without an environment and in each.
    pub(super) fn named_surroundings(&self) -> impl Iterator<Item = (Option<&str>, &Environment)> {
        let named = self.environments.iter().map(|(name, environment)| (Some(&**name), environment));
        std::iter::once((None, &self.base)).chain(named)
    }

    /// A run of `job` with what the program has. The job need not be one of [`Definitions::jobs`].
    #[must_use]
    pub fn runner(&self, job: &Job) -> Runner {
        Runner::new(job, self.base.clone())
    }

    /// A run of `job` in this environment; none if there is no environment of the name.
    #[must_use]
    pub fn runner_in(&self, environment: &str, job: &Job) -> Option<Runner> {
        let over = self.environments.get(environment)?;
        let mut whole = self.base.clone();
        whole.lay_over(over);
        let mut runner = Runner::new(job, whole);
        runner.environment_name = Some(environment.to_owned());
        Some(runner)
    }

    /// The first two jobs found to have the same name, in the order in which they were added.
    #[must_use]
    pub fn duplicate_job(&self) -> Option<(&Job, &Job)> {
        let mut seen = BTreeMap::new();
        self.jobs().iter().find_map(|job| seen.insert(job.name(), job).map(|first| (first, job)))
    }
}
