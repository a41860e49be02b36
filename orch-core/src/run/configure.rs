use std::sync::Arc;

use schemars::Schema;

use super::check::{Checked, Wanted};
use super::schema::{self, Configurables};
use super::{Environment, Runner};
use crate::config::{EnvVars, Node, Origin, RunConfig, Value};
use crate::define::{Opens, Preset, Resource};
use crate::plan::PlanError;

/// What a run is given besides its job: configuration and resources.
impl Runner {
    /// Gives the run a resource, in place of all of this type that the program or the job has.
    #[must_use]
    #[track_caller]
    pub fn with<T: Resource>(mut self, resource: T) -> Self {
        self.environment.lay_over(&Environment::new().resource(resource));
        self
    }

    /// As [`Runner::with`], in place of the one of this type and key.
    #[must_use]
    #[track_caller]
    pub fn with_as<T: Resource>(mut self, key: impl Into<String>, resource: T) -> Self {
        self.environment.lay_over(&Environment::new().resource_as(key, resource));
        self
    }

    /// As [`Runner::with`], of what is shared already, or of a trait: `.with_shared::<dyn Store>(Arc::new(Fake))`.
    #[must_use]
    #[track_caller]
    pub fn with_shared<T: Resource + ?Sized>(mut self, resource: Arc<T>) -> Self {
        self.environment.lay_over(&Environment::new().resource_shared(resource));
        self
    }

    /// As [`Runner::with_shared`], in place of the one of this type and key.
    #[must_use]
    #[track_caller]
    pub fn with_shared_as<T: Resource + ?Sized>(mut self, key: impl Into<String>, resource: Arc<T>) -> Self {
        self.environment.lay_over(&Environment::new().resource_shared_as(key, resource));
        self
    }

    /// Gives the run what the function `R` with `#[resource]` opens, in place of the one of its type and key that the program
    /// or the job has; if there is none of this key, of the only one of its type.
    #[must_use]
    #[track_caller]
    pub fn with_from<R: Opens>(mut self) -> Self {
        self.environment.lay_over(&Environment::new().resource_from::<R>());
        self
    }

    /// Configures the run; what is added later goes before what was there.
    #[must_use]
    pub fn config(mut self, config: RunConfig) -> Self {
        self.config = self.config.over(config);
        self
    }

    /// Lets the configuration refer to these environment variables, `{env: NAME}`; by default to those of the process.
    #[must_use]
    pub fn env(mut self, env: EnvVars) -> Self {
        self.env = env;
        self
    }

    /// Takes a preset of the job: its configuration goes before that of the program, and what [`Runner::config`] gives goes
    /// before it. That the job has none of this name is told when the run is checked.
    #[must_use]
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.preset = Some(name.into());
        self
    }

    /// The schema of all that this run can be configured with, of draft 2020-12: what the configuration is checked by. For
    /// editors, see [`for_editors`](crate::config::for_editors).
    ///
    /// # Errors
    /// If the job cannot be planned.
    pub fn config_schema(&self) -> Result<Schema, PlanError> {
        let (whole, program, wiring) = self.wired()?;
        Ok(schema::of_run(&whole, &program, &wiring, schema::Purpose::Describe))
    }

    /// The effective configuration: what was given and the defaults of all else, each with where it comes from. References
    /// to secrets stay references, whether there is something behind them or not.
    ///
    /// # Errors
    /// All that is wrong with the job or its configuration.
    pub fn effective_config(&self) -> Result<Node, PlanError> {
        // If all is there, nothing that a run would say is left unsaid.
        let Checked { configured, .. } =
            self.check().or_else(|error| self.check_for(Wanted::Config).map_err(|_| error))?;
        let nothing = || Node { value: Value::Map(Vec::new()), origin: Origin::Nowhere };
        Ok(configured.node.unwrap_or_else(nothing))
    }

    /// All layers: of the program's what concerns the job, the preset's, and what the run was given.
    pub(super) fn whole_config(&self, whole: &Configurables) -> RunConfig {
        self.layers(self.environment.config.clone().only(|path| whole.has(path)))
    }

    /// A layer below the preset's and what the run was given.
    pub(super) fn layers(&self, below: RunConfig) -> RunConfig {
        let preset = self.chosen_preset().map(|preset| preset.config().clone()).unwrap_or_default();
        below.over(preset).over(self.config.clone())
    }

    /// The preset that was asked for, if the job has it.
    pub(super) fn chosen_preset(&self) -> Option<&Preset> {
        let name = self.preset.as_ref()?;
        self.job.presets().iter().find(|preset| preset.name() == name)
    }
}
