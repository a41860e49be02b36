use crate::config::RunConfig;
use crate::ids::Place;

/// A named configuration of a job's runs, with what belongs to it: the steps that run, tags.
///
/// ```
/// use orch_core::config::RunConfig;
/// use orch_core::define::Preset;
///
/// let nightly = Preset::new("nightly", RunConfig::new().file("conf/prod.yaml").set("tags.by=cron").set("select=load+"));
/// assert_eq!(nightly.name(), "nightly");
/// ```
///
/// A run takes one, `run JOB --preset nightly`; what else it is given goes before it.
#[derive(Clone, Debug)]
pub struct Preset {
    name: String,
    config: RunConfig,
    place: Place,
}

impl Preset {
    /// A preset of this name, at the caller's place in the source.
    #[track_caller]
    pub fn new(name: impl Into<String>, config: RunConfig) -> Self {
        Self { name: name.into(), config, place: Place::caller() }
    }

    /// By what it is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    #[must_use]
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// Where it is made.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}
