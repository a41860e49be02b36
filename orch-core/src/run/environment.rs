use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::RunConfig;
use crate::define::{Hook, HookDef, Opens, Res, Resource, ResourceDef, Resources, unite};
use crate::io::{IoManager, IoManagers};
use crate::value::Data;

/// What surrounds the runs of a program: pools, IO managers and resources. [`Definitions`](super::Definitions) has one for
/// all runs; others, by name, say what differs, as in production.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub(super) pools: BTreeMap<String, usize>,
    pub(super) io: IoManagers,
    pub(super) resources: Resources,
    pub(super) config: RunConfig,
    pub(super) hooks: Vec<Arc<HookDef>>,
}

impl Environment {
    /// Nothing that differs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pool: at most `size` steps of the ops that name it run at once in a run. One of the same name is
    /// replaced; with a size of 0 no run begins.
    #[must_use]
    pub fn pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.pools.insert(name.into(), size);
        self
    }

    /// Adds the IO manager `key` for values of type `T`; one of the same key and type is replaced.
    #[must_use]
    pub fn io<T: Data>(mut self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.io.add(key, manager);
        self
    }

    /// Adds a resource that is there; in place of all of its type that the program has.
    #[must_use]
    #[track_caller]
    pub fn resource<T: Resource>(mut self, resource: T) -> Self {
        self.resources.add::<T>(Res::new(resource));
        self
    }

    /// Adds a resource under a key, in place of the one of its type and key.
    #[must_use]
    #[track_caller]
    pub fn resource_as<T: Resource>(mut self, key: impl Into<String>, resource: T) -> Self {
        self.resources.add_as::<T>(key, Res::new(resource));
        self
    }

    /// Adds a resource that is shared already, or one of a trait: `.resource_shared::<dyn Store>(Arc::new(S3))`.
    #[must_use]
    #[track_caller]
    pub fn resource_shared<T: Resource + ?Sized>(mut self, resource: Arc<T>) -> Self {
        self.resources.add::<T>(resource);
        self
    }

    /// As [`Environment::resource_shared`], under a key.
    #[must_use]
    #[track_caller]
    pub fn resource_shared_as<T: Resource + ?Sized>(
        mut self,
        key: impl Into<String>,
        resource: Arc<T>,
    ) -> Self {
        self.resources.add_as::<T>(key, resource);
        self
    }

    /// Adds what the function `R` with `#[resource]` opens: once for each run that needs it.
    ///
    /// It is put in the place of the program's resource of its type and key, which is the function's name; and if there is
    /// none of this key, in the place of the only one of its type. So `production_database` takes the place of `database`,
    /// if both open a `Database`, and is configured under its own name. Of a type of which the program has several it is one
    /// more.
    #[must_use]
    #[track_caller]
    pub fn resource_from<R: Opens>(self) -> Self {
        self.resource_opened(R::def())
    }

    /// Adds what a definition made with [`ResourceDef::builder`] opens.
    #[must_use]
    #[track_caller]
    pub fn resource_opened(mut self, def: &Arc<ResourceDef>) -> Self {
        self.resources.add_opened(def);
        self
    }

    /// Attaches a hook to all runs, and if it is one of steps to all of them. One that they have already is called once.
    #[must_use]
    pub fn hook<H: Hook>(self) -> Self {
        self.with_hook(H::def())
    }

    /// As [`Environment::hook`], for a hook made with [`HookDef::builder`].
    #[must_use]
    pub fn with_hook(mut self, hook: &Arc<HookDef>) -> Self {
        unite(&mut self.hooks, [hook]);
        self
    }

    /// Adds configuration, which goes before what was added, and that of an environment before that of the program. Presets of
    /// a job know more of the run and go before it, files and the command line before all.
    #[must_use]
    pub fn config(mut self, config: RunConfig) -> Self {
        self.config = self.config.over(config);
        self
    }

    /// Lays another environment over this one: what it has goes first.
    pub(super) fn lay_over(&mut self, over: &Self) {
        self.pools.extend(over.pools.clone());
        self.io.extend(over.io.clone());
        self.resources.lay_over(&over.resources);
        unite(&mut self.hooks, &over.hooks);
        self.config = std::mem::take(&mut self.config).over(over.config.clone());
    }
}
