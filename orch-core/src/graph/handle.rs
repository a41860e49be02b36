use std::sync::Arc;

use super::compose::{self, GraphNode, Placement, SourceKind};
use super::config::{self, StepConfig};
use super::{Collected, DynamicOut, Mapped, Out, Unknown};
use crate::config::Configurable;
use crate::define::{HookDef, PRIORITY_TAG, Retry, StepHook, unite};
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};

/// The step behind a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRef(pub(super) Placement);

/// What can be said of a call of an op: its name, tags, priority, retry policy, hooks, and what it waits for.
///
/// It is said of the handle that the call gives. Of a mapped handle, `pages.map(load).tag(..)`, it concerns the step whose
/// handle the closure returned; of an op's several outputs, the op. A constant, an item of a map and what is collected
/// are no steps; a `#[graph]` is several, so it is said in the graph's body, of the calls there. Both are problems of the
/// plan otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handle",
    label = "not what the call of an op gives",
    note = "a step waits for other steps: write what the call of an op gives, or a tuple of such handles"
)]
pub trait Handle: Sized {
    /// The step behind the handle; none for what is no step, such as a constant, and for handles of several steps.
    fn node(&self) -> Option<NodeRef>;

    /// The steps that `.after(..)` waits for.
    #[doc(hidden)]
    fn nodes(&self) -> Vec<Option<NodeRef>> {
        vec![self.node()]
    }

    /// Names the step; without it the op's name is used, with `_2`, `_3`, .. for further calls.
    #[track_caller]
    fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        change(self.node(), "named", |node| node.named = Some(name));
        self
    }

    /// Adds a tag to the step, besides those of the op. A key that [`check_tag_key`](crate::ids::check_tag_key) refuses is a
    /// problem of the plan.
    #[track_caller]
    fn tag(self, key: impl Into<String>, value: impl ToString) -> Self {
        let (key, value) = (key.into(), value.to_string());
        change(self.node(), "tag", |node| {
            node.tags.insert(key, value);
        });
        self
    }

    /// Sets the priority of the step, before that of the op.
    #[track_caller]
    fn priority(self, priority: i64) -> Self {
        change(self.node(), "priority", |node| {
            node.tags.insert(PRIORITY_TAG.to_owned(), priority.to_string());
        });
        self
    }

    /// Sets the retry policy of the step, before those of the op and the job: `.retry(Retry::new(3))`.
    #[track_caller]
    fn retry(self, retry: impl IsRetry) -> Self {
        change(self.node(), "retry", |node| node.retry = Some(retry.policy()));
        self
    }

    /// Gives the step configuration once for all: all of it, as a value of its type, or some fields,
    /// `serde_json::json!({ "batch": 500 })`. What is left out comes from the run's configuration; what is given cannot be
    /// given there.
    #[track_caller]
    fn config(self, config: impl serde::Serialize) -> Self {
        let place = Place::caller();
        configure(self.node(), config::fixed(&config, &place));
        self
    }

    /// As [`Handle::config`], and names the step: an op that is the same but for its configuration.
    #[track_caller]
    fn configured(self, name: impl Into<String>, config: impl serde::Serialize) -> Self {
        self.named(name).config(config)
    }

    /// Gives the step all of its configuration, made of the job's: `load(page).config_from(config.map(|dex| Load { .. }))`.
    #[track_caller]
    fn config_from<T: Configurable>(self, config: Out<T>) -> Self {
        let place = Place::caller();
        configure(self.node(), config::derived(config, &place));
        self
    }

    /// Attaches a hook to the step: `load(page).hook::<tell>()`. One that it has already, by a graph or the job, is called
    /// once.
    #[track_caller]
    fn hook<H: StepHook>(self) -> Self {
        self.with_hook(H::step_def())
    }

    /// As [`Handle::hook`], for a hook made with [`HookDef::builder`].
    #[track_caller]
    fn with_hook(self, hook: &Arc<HookDef>) -> Self {
        change(self.node(), "hook", |node| unite(&mut node.hooks, [hook]));
        self
    }

    /// Lets the step wait for another one, or for all of a tuple, without taking a value from it.
    ///
    /// After a dynamic output it waits for the end of the stream. What runs once for each item can be waited for within
    /// the same map only; to wait for all items, let an op take them collected, `let done = all(loaded.collect());`, and
    /// write `.after(done)`.
    #[track_caller]
    fn after(self, other: impl Handle) -> Self {
        let place = Place::caller();
        let mut others = Vec::new();
        for other in other.nodes() {
            compose::with(|composition| match other {
                Some(NodeRef(other)) if composition.own(other, &place) => {
                    others.push((other.index, place.clone()));
                }
                // That the handle is foreign has been said.
                Some(_) => {}
                None => composition.graph.problems.push(
                    Problem::new(ProblemKind::NoStep, "`.after(..)` is given something that is no step")
                        .at("here", place.clone())
                        .hint(AFTER_STEPS),
                ),
            });
        }
        if !others.is_empty() {
            change(self.node(), "after", |node| node.after.extend(others));
        }
        self
    }

    /// Not possible: a timeout is of the op. Declared so that the compiler can say so.
    #[doc(hidden)]
    fn timeout<T>(self, _: T) -> Self
    where
        Self: HasTimeout,
    {
        self
    }

    /// Not possible: the method is called otherwise. Declared so that the compiler can say so.
    #[doc(hidden)]
    fn alias<T>(self, _: T) -> Self
    where
        Self: HasAlias,
    {
        self
    }

    /// Not possible. Declared so that the compiler can say so of a tuple or struct of handles.
    #[doc(hidden)]
    fn map<H>(self, _: impl FnOnce(Unknown) -> H) -> Unknown
    where
        Self: IsOneOutput,
    {
        Unknown
    }

    /// Not possible. Declared so that the compiler can say so of a tuple or struct of handles.
    #[doc(hidden)]
    fn collect(self) -> Unknown
    where
        Self: IsOneOutput,
    {
        Unknown
    }
}

/// A [`Retry`], the only type that it is implemented for: so the compiler can say how one is written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no retry policy",
    label = "not a retry policy",
    note = "a call takes its retry policy as a value, `.retry(Retry::new(3))` for 3 retries"
)]
pub trait IsRetry {
    #[doc(hidden)]
    fn policy(self) -> Retry;
}

impl IsRetry for Retry {
    fn policy(self) -> Retry {
        self
    }
}

/// Never implemented: says where a timeout is written.
#[diagnostic::on_unimplemented(
    message = "a timeout is said of an op, not of a call",
    label = "an option of `#[op]`",
    note = "write it at the function: `#[op(timeout = \"3s\")]`"
)]
pub trait HasTimeout {}

/// Never implemented: says how a step is named.
#[diagnostic::on_unimplemented(
    message = "a call is named with `.named(..)`",
    label = "write `.named(..)`",
    note = "without a name the step has that of its op: `load`, `load_2`, .."
)]
pub trait HasAlias {}

/// What `.after(..)` takes, for those who gave it something else.
const AFTER_STEPS: &str = "it takes the handle of an op's call; to wait for all items of a map, let an op take them, `let \
                           done = op(mapped.collect());`, and write `.after(done)`";

/// Never implemented: says how several outputs are mapped or collected.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is several outputs, not a dynamic one",
    label = "`.map(..)` and `.collect()` are for one dynamic output",
    note = "take it apart, `let (a, b, ..) = ..`, and say it of each; values for one input of type `Vec<T>` are passed as \
            an array, `[a, b]`"
)]
pub trait IsOneOutput {}

/// Changes the node behind a handle. A handle without one, of another job, or of a graph's call is a problem of the job.
#[track_caller]
fn change(node: Option<NodeRef>, what: &str, change: impl FnOnce(&mut GraphNode)) {
    let place = Place::caller();
    compose::with(|composition| {
        let Some(NodeRef(node)) = node else {
            composition.graph.problems.push(
                Problem::new(
                    ProblemKind::NoStep,
                    format!("`.{what}(..)` is said of something that is no step"),
                )
                .at("here", place)
                .hint("say it of the result of an op's call"),
            );
            return;
        };
        if !composition.own(node, &place) {
            return;
        }
        if let Some(graph) = composition.graph_around(node.index) {
            let hint = "say it in the body of the graph, of the op's call that it concerns; what differs between the \
                        graph's calls, or is waited for, can be a parameter of the graph";
            let message = format!("`.{what}(..)` is said of the graph `{graph}`, which is not one step");
            let problem = Problem::new(ProblemKind::NoStep, message).at("here", place).hint(hint);
            composition.graph.problems.push(problem);
            return;
        }
        change(&mut composition.graph.nodes[node.index]);
    });
}

#[track_caller]
fn configure(node: Option<NodeRef>, config: Result<StepConfig, Problem>) {
    match config {
        Ok(config) => change(node, "config", |node| node.config = config),
        Err(problem) => compose::with(|composition| composition.graph.problems.push(problem)),
    }
}

#[diagnostic::do_not_recommend]
impl<T> Handle for Out<T> {
    fn node(&self) -> Option<NodeRef> {
        compose::with(|composition| {
            if self.source.composition != composition.id {
                return Some(NodeRef(self.source));
            }
            match composition.graph.sources[self.source.index].kind {
                SourceKind::Output { node, .. } => Some(NodeRef(Placement { index: node, ..self.source })),
                _ => None,
            }
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T> Handle for DynamicOut<T> {
    fn node(&self) -> Option<NodeRef> {
        compose::with(|composition| {
            if self.item.composition != composition.id {
                return Some(NodeRef(self.item));
            }
            let node = composition.node_of(self.item.index);
            node.map(|index| NodeRef(Placement { index, ..self.item }))
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T> Handle for Collected<T> {
    fn node(&self) -> Option<NodeRef> {
        let foreign = |composition: &mut compose::Composition| self.source.composition != composition.id;
        compose::with(foreign).then_some(NodeRef(self.source))
    }
}

#[diagnostic::do_not_recommend]
impl<H: Handle> Handle for Mapped<H> {
    fn node(&self) -> Option<NodeRef> {
        self.inner.node()
    }

    fn nodes(&self) -> Vec<Option<NodeRef>> {
        self.inner.nodes()
    }
}

macro_rules! tuples {
    ($($H:ident $i:tt),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($H: Handle),*> Handle for ($($H,)*) {
            fn node(&self) -> Option<NodeRef> {
                let first = self.0.node()?;
                [$(self.$i.node()),*].iter().all(|node| *node == Some(first)).then_some(first)
            }

            fn nodes(&self) -> Vec<Option<NodeRef>> {
                [$(self.$i.nodes()),*].concat()
            }
        }
    };
}
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
