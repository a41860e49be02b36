use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Body, Needs, Resource};
use crate::failure::Failure;
use crate::ids::Place;

mod context;
mod outcome;

pub use context::{HookContext, RunHookContext};
pub(crate) use context::{OutputMetadata, RunTold, StepTold};
pub(crate) use outcome::{Outcome, Outcomes};
pub use outcome::{RunOutcome, StepOutcome};

/// A hook: a function that is called when a step or a run has come to its end, and changes nothing of it.
///
/// `#[success_hook]`, `#[failure_hook]` and `#[run_hook]` fill one in; by hand:
///
/// ```
/// use orch_core::define::{HookDef, StepOutcome};
///
/// let tell = HookDef::builder("tell")
///     .on([StepOutcome::Failed, StepOutcome::TimedOut])
///     .blocking(|context| {
///         eprintln!("{} {}", context.step(), context.outcome().name());
///         Ok(())
///     });
/// assert_eq!(tell.name(), "tell");
/// ```
pub struct HookDef {
    name: Arc<str>,
    description: Option<String>,
    place: Place,
    on: Outcomes,
    needs: Needs,
    body: HookBody,
}

impl HookDef {
    /// Begins the definition of a hook of steps, at the caller's place in the source. It is called when a step has
    /// succeeded, unless [`HookBuilder::on`] says otherwise.
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> HookBuilder<HookContext> {
        HookBuilder::new(name.into())
    }

    /// Begins the definition of a hook of runs, at the caller's place in the source. It is called when a run is over,
    /// whatever it came to, unless [`HookBuilder::on`] says otherwise.
    #[track_caller]
    pub fn run_builder(name: impl Into<String>) -> HookBuilder<RunHookContext> {
        HookBuilder::new(name.into())
    }

    /// The hook's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where it stands in the source.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether it is a hook of runs, and not of steps.
    #[must_use]
    pub fn is_of_runs(&self) -> bool {
        matches!(self.body, HookBody::Run(_))
    }

    /// The resources that it takes.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it is called for.
    pub(crate) fn on(&self) -> Outcomes {
        self.on
    }

    pub(crate) fn body(&self) -> &HookBody {
        &self.body
    }
}

/// Which hook it is: two of one name are two, and one that is attached twice is one.
impl PartialEq for HookDef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for HookDef {}

impl fmt::Debug for HookDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookDef({})", self.name)
    }
}

/// Adds the hooks that are not among `hooks` yet.
pub(crate) fn unite<'a>(hooks: &mut Vec<Arc<HookDef>>, more: impl IntoIterator<Item = &'a Arc<HookDef>>) {
    for hook in more {
        if !hooks.contains(hook) {
            hooks.push(Arc::clone(hook));
        }
    }
}

/// The definition of a hook in the making. `C` is what its function is given: [`HookContext`] or [`RunHookContext`].
///
/// What is set twice holds as it was set last.
pub struct HookBuilder<C> {
    name: Arc<str>,
    description: Option<String>,
    place: Place,
    on: Outcomes,
    needs: Needs,
    of: PhantomData<fn(C)>,
}

impl<C: OfHook> HookBuilder<C> {
    #[track_caller]
    fn new(name: String) -> Self {
        Self {
            name: name.into(),
            description: None,
            place: Place::caller(),
            on: C::BY_DEFAULT,
            needs: Needs::default(),
            of: PhantomData,
        }
    }

    /// Says what it does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Says what it is called for. One that is called for nothing is a problem of every job it is attached to.
    #[must_use]
    pub fn on(mut self, outcomes: impl IntoIterator<Item = C::Outcome>) -> Self {
        self.on = outcomes.into_iter().collect();
        self
    }

    /// Takes a resource; `name` is its key where there are several of the type. The body has it of its context, by its
    /// number among those that the hook takes.
    #[must_use]
    pub fn resource<T: Resource + ?Sized>(mut self, name: &str) -> Self {
        self.needs.add_resource::<T>(name, false);
        self
    }

    /// Takes the resource of this key.
    #[must_use]
    pub fn resource_by_key<T: Resource + ?Sized>(mut self, key: &str) -> Self {
        self.needs.add_resource::<T>(key, true);
        self
    }

    /// Gives the hook a body that may block; it runs on a thread of its own.
    pub fn blocking(self, body: impl Fn(C) -> Result<(), Failure> + Send + Sync + 'static) -> Arc<HookDef> {
        self.build(Body::Blocking(Box::new(body)))
    }

    /// Gives the hook an async body; it must not block.
    pub fn asynchronous<F>(self, body: impl Fn(C) -> F + Send + Sync + 'static) -> Arc<HookDef>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.build(Body::Async(Box::new(move |context| Box::pin(body(context)))))
    }

    fn build(self, code: Body<C, ()>) -> Arc<HookDef> {
        let Self { name, description, place, on, needs, of: _ } = self;
        Arc::new(HookDef { name, description, place, on, needs, body: C::body(code) })
    }
}

impl<C> fmt::Debug for HookBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookBuilder({})", self.name)
    }
}

/// The function of a hook, its kind erased.
#[doc(hidden)]
pub enum HookBody {
    Step(Body<HookContext, ()>),
    Run(Body<RunHookContext, ()>),
}

impl fmt::Debug for HookBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(code) => code.fmt(f),
            Self::Run(code) => code.fmt(f),
        }
    }
}

/// What a hook can be given; implemented for the two contexts.
pub trait OfHook: Sized + 'static {
    /// What it can be called for.
    type Outcome: Outcome;
    #[doc(hidden)]
    const BY_DEFAULT: Outcomes;
    #[doc(hidden)]
    fn body(code: Body<Self, ()>) -> HookBody;
}

impl OfHook for HookContext {
    type Outcome = StepOutcome;
    const BY_DEFAULT: Outcomes = StepOutcome::Success.alone();
    fn body(code: Body<Self, ()>) -> HookBody {
        HookBody::Step(code)
    }
}

impl OfHook for RunHookContext {
    type Outcome = RunOutcome;
    const BY_DEFAULT: Outcomes = RunOutcome::ALL;
    fn body(code: Body<Self, ()>) -> HookBody {
        HookBody::Run(code)
    }
}

/// A hook as a type: the hidden type beside a function with `#[success_hook]`, `#[failure_hook]` or `#[run_hook]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    label = "not the name of a hook",
    note = "write the name of a function with `#[success_hook]`, `#[failure_hook]` or `#[run_hook]`"
)]
pub trait Hook {
    /// Its definition.
    fn def() -> &'static Arc<HookDef>;
}

/// A [`Hook`] of steps.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook of steps",
    label = "not the name of a step's hook",
    note = "write the name of a function with `#[success_hook]` or `#[failure_hook]`; a `#[run_hook]` is attached to a job, \
            `#[job(hooks(..))]`, or to all, `Definitions::new().hook::<..>()`"
)]
pub trait StepHook: Hook {
    /// Its definition, asked for where only a hook of steps will do.
    #[doc(hidden)]
    #[must_use]
    fn step_def() -> &'static Arc<HookDef> {
        Self::def()
    }
}
