use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::compose::{self, SourceKind};
use super::input::Feed;
use super::{Out, Takes};
use crate::config::{AnyConfig, Config, ConfigDef, Configurable, Node, Origin, write};
use crate::failure::Failure;
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};
use crate::value::{Data, TypeInfo, Value};

/// Makes a value of the job's configuration, when a run begins.
pub(crate) type Derive = Arc<dyn Fn(&AnyConfig) -> Result<Value, Failure> + Send + Sync>;

/// The configuration of a job in its body: a value that a run will have, of which others are made.
///
/// A parameter `Config<T>` of a function with `#[job]` is one. It is read from `config` of the run's configuration, checked
/// like all of it.
pub struct JobConfig<T> {
    composition: u32,
    value: PhantomData<fn() -> T>,
}

impl<T: Configurable> JobConfig<T> {
    /// Declares that the job takes this configuration. `#[job]` calls it.
    #[doc(hidden)]
    #[must_use]
    pub fn declare() -> Self {
        compose::with(|composition| {
            composition.graph.config = Some(ConfigDef::of::<T>());
            Self { composition: composition.id, value: PhantomData }
        })
    }

    /// A value made of the configuration, as an input or, [`Handle::config_from`](super::Handle::config_from), as the configuration of a step. The
    /// function runs once for each run, before it begins.
    #[track_caller]
    pub fn map<U: Data>(self, derive: impl Fn(&T) -> U + Send + Sync + 'static) -> Out<U> {
        let place = Place::caller();
        let derive: Derive = Arc::new(move |config| {
            let config: Option<Config<T>> = config.get();
            let config =
                config.ok_or_else(|| Failure::contract("the job's configuration is of another type"))?;
            Ok(Value::new(derive(&config)))
        });
        compose::with(|composition| {
            if composition.id != self.composition {
                composition.graph.problems.push(
                    Problem::new(ProblemKind::ForeignHandle, "the configuration of another job is used here")
                        .at("used", place)
                        .hint("a job's configuration is used in the job's own body, and handed to its graphs as values made of it"),
                );
            }
            composition.graph.derived.push(derive);
            let kind = SourceKind::Derived(composition.graph.derived.len() - 1);
            Out::new(composition.add_source(kind, 0, TypeInfo::of::<U>()))
        })
    }
}

impl<T> Clone for JobConfig<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for JobConfig<T> {}

impl<T> fmt::Debug for JobConfig<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobConfig")
    }
}

/// What the call of an op says of its configuration.
#[derive(Clone, Default)]
pub(crate) enum StepConfig {
    /// Nothing: all of it comes from the run's configuration.
    #[default]
    Open,
    /// These values are given once for all; what they leave out comes from the run's configuration.
    Fixed(Node, Place),
    /// All of it is this source, made of the job's configuration.
    From(usize, Place),
}

/// The values that a call gives.
pub(super) fn fixed(config: &(impl serde::Serialize + ?Sized), place: &Place) -> Result<StepConfig, Problem> {
    match write(config, &Origin::Code(place.clone())) {
        Ok(node) => Ok(StepConfig::Fixed(node, place.clone())),
        Err(error) => Err(Problem::new(
            ProblemKind::InvalidConfig,
            format!("the configuration cannot be given: {error}"),
        )
        .at("here", place.clone())),
    }
}

/// The source behind a handle that is to be a step's configuration.
pub(super) fn derived<T: Configurable>(handle: Out<T>, place: &Place) -> Result<StepConfig, Problem> {
    let source = handle.source();
    compose::with(|composition| {
        let own = source.composition == composition.id;
        match own.then(|| &composition.graph.sources[source.index].kind) {
            Some(SourceKind::Derived(_) | SourceKind::Literal(_)) => {
                Ok(StepConfig::From(source.index, place.clone()))
            }
            _ => Err(Problem::new(
                ProblemKind::InvalidConfig,
                "a step's configuration is known before the run begins, and this is what a step gives",
            )
            .at("here", place.clone())
            .hint(
                "make it of the job's configuration, `config.map(|config| ..)`, or let the op take an input",
            )),
        }
    })
}

impl<T: TakesPart<JobConfig<C>>, C> Takes<JobConfig<C>> for T {
    fn feed(_: JobConfig<C>) -> Feed {
        unreachable!("`TakesPart` is never implemented")
    }
}

/// Never implemented: says how something of the configuration is passed on.
#[diagnostic::on_unimplemented(
    message = "`{H}` cannot feed an input of type `{Self}`",
    label = "the job's configuration, which a run will have",
    note = "pass what the op takes of it: `config.map(|config| config.batch)`"
)]
#[doc(hidden)]
pub trait TakesPart<H> {}
