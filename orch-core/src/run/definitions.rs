use std::collections::BTreeMap;
use std::sync::Arc;

use super::Runner;
use crate::define::{Hook, HookDef, unite};
use crate::graph::Job;
use crate::io::{IoManager, IoManagers};
use crate::value::Data;

/// All that a program offers: its jobs, and what their steps share.
#[derive(Debug, Default)]
pub struct Definitions {
    jobs: Vec<Job>,
    pools: BTreeMap<String, usize>,
    io: IoManagers,
    hooks: Vec<Arc<HookDef>>,
}

impl Definitions {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job. Its name should be its own: the command line runs jobs by name, and refuses two of the same.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.jobs.push(job);
        self
    }

    /// Adds a pool: at most `size` steps of the ops that name it run at once in a run. One of the same name is
    /// replaced; with a size of 0 no run begins.
    #[must_use]
    pub fn pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.pools.insert(name.into(), size);
        self
    }

    /// Adds the IO manager `key` for values of type `T`; one of the same key and type is replaced. An output of an op
    /// that names the key is stored by the one for its type.
    #[must_use]
    pub fn io<T: Data>(mut self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.io.add(key, manager);
        self
    }

    /// Attaches a hook to all jobs: `Definitions::new().hook::<page_me>()`. One that a job has already is called once.
    #[must_use]
    pub fn hook<H: Hook>(self) -> Self {
        self.with_hook(H::def())
    }

    /// As [`Definitions::hook`], for a hook made with [`HookDef::builder`].
    #[must_use]
    pub fn with_hook(mut self, hook: &Arc<HookDef>) -> Self {
        unite(&mut self.hooks, [hook]);
        self
    }

    /// The jobs, in the order in which they were added.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// A run of `job` with the pools, IO managers and hooks of the program. The job need not be one of [`Definitions::jobs`].
    #[must_use]
    pub fn runner(&self, job: &Job) -> Runner {
        let runner = self.pools.iter().fold(job.runner(), |runner, (name, size)| runner.pool(name, *size));
        let runner = self.hooks.iter().fold(runner, Runner::with_hook);
        runner.all_io(self.io.clone())
    }

    /// The first two jobs found to have the same name, in the order in which they were added.
    #[must_use]
    pub fn duplicate_job(&self) -> Option<(&Job, &Job)> {
        let mut seen = BTreeMap::new();
        self.jobs.iter().find_map(|job| seen.insert(job.name(), job).map(|first| (first, job)))
    }
}
