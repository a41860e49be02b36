use std::fmt;
use std::marker::PhantomData;

use super::compose::{self, Placement, SourceKind};
use super::node::{change, set_retry};
use super::{Node, Unknown};
use crate::define::{PRIORITY_TAG, Place, Retry};
use crate::plan::{Problem, ProblemKind};
use crate::value::{
    Assemble, ByValue, Data, Keyed, StepFailure, TypeInfo, Value, assemble_keyed, assemble_results,
    assemble_values,
};

/// A handle on a value of type `T` that a step will have.
///
/// It is `Copy`: a value may feed any number of steps. Use it as an argument of another op.
pub struct Out<T> {
    source: Placement,
    value: PhantomData<fn() -> T>,
}

impl<T> Out<T> {
    pub(super) fn new(source: Placement) -> Self {
        Self { source, value: PhantomData }
    }

    pub(super) fn source(self) -> Placement {
        self.source
    }
}

impl<T: Data> Out<T> {
    /// Not possible: only a dynamic output is many values. Declared so that the compiler can say so.
    pub fn map<H>(self, _: impl FnOnce(Unknown) -> H) -> Mapped<H>
    where
        Self: IsDynamic,
    {
        unreachable!("`IsDynamic` is never implemented")
    }

    /// Not possible: there is nothing to collect. Declared so that the compiler can say so.
    pub fn collect(self) -> Collected<T>
    where
        Self: IsDynamic,
    {
        unreachable!("`IsDynamic` is never implemented")
    }
}

/// Never implemented: says why a plain output has no `map` and no `collect`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is one value, not a dynamic output",
    label = "`.map(..)` and `.collect()` are for dynamic outputs",
    note = "pass the value to the op: `op(value)`; to fan out, let the op that makes it return `Dynamic<T>`"
)]
pub trait IsDynamic {}

impl<T> Clone for Out<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Out<T> {}

impl<T> fmt::Debug for Out<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Out({})", self.source.index)
    }
}

/// A handle on a dynamic output: items of type `T`, as many as the op yields.
pub struct DynamicOut<T> {
    item: Placement,
    scope: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> DynamicOut<T> {
    pub(super) fn new(item: Placement, scope: usize) -> Self {
        Self { item, scope, value: PhantomData }
    }
}

impl<T: Data> DynamicOut<T> {
    /// Runs the steps that `body` draws once for each item. `body` itself runs once, now.
    ///
    /// Ops called in it run once for each item even if they take nothing of it. Handles from outside may be used in it:
    /// each item's steps share the value.
    #[track_caller]
    pub fn map<H>(self, body: impl FnOnce(Out<T>) -> H) -> Mapped<H> {
        in_map(self.item, self.scope, || body(Out::new(self.item)))
    }

    /// All items, once the source has ended.
    #[track_caller]
    pub fn collect(self) -> Collected<T>
    where
        T: ByValue,
    {
        self.map(|item| item).collect()
    }

    /// All items with their keys, once the source has ended.
    #[track_caller]
    pub fn collect_keyed(self) -> Collected<Keyed<T>>
    where
        T: ByValue,
    {
        self.map(|item| item).collect_keyed()
    }
}

impl<T> Clone for DynamicOut<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DynamicOut<T> {}

impl<T> fmt::Debug for DynamicOut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicOut({})", self.scope)
    }
}

/// What `.map(..)` gives: whatever the closure returned, once for each item.
#[derive(Clone, Copy)]
pub struct Mapped<H> {
    item: Placement,
    scope: usize,
    inner: H,
}

impl<H> Mapped<H> {
    /// Goes on within the same map: `pages.map(clean).map(load)` is `pages.map(|page| load(clean(page)))`.
    #[track_caller]
    pub fn map<G>(self, body: impl FnOnce(H) -> G) -> Mapped<G> {
        in_map(self.item, self.scope, || body(self.inner))
    }

    /// Closes the innermost map: all its values, in the order in which the items were emitted.
    ///
    /// The step that takes them runs once the source has ended and every item is done. Items that were skipped are left
    /// out; if one failed, or all were skipped, the step is skipped.
    #[track_caller]
    pub fn collect<C>(self) -> C
    where
        Self: Element<Values, Closed = C>,
    {
        self.close(None)
    }

    /// As [`Mapped::collect`], each value with its mapping key.
    #[track_caller]
    pub fn collect_keyed<C>(self) -> C
    where
        Self: Element<Keys, Closed = C>,
    {
        self.close(None)
    }

    /// As [`Mapped::collect_keyed`], but failures too: an item that failed is an error in the list, and the step that
    /// takes it runs all the same. The run still ends as failed: what is handed on as a value has failed nonetheless.
    ///
    /// Of values of type `T` the step takes a `Vec<Keyed<Result<T, StepFailure>>>`:
    ///
    /// ```
    /// # // What the facade `orch` exports, by hand.
    /// use orch_core::value::{Keyed, StepFailure};
    ///
    /// // With #[op]; a job calls it as `tell(pages().map(load).collect_results())`.
    /// fn tell(loaded: &[Keyed<Result<i64, StepFailure>>]) -> String {
    ///     let lines = loaded.iter().map(|Keyed { key, value }| match value {
    ///         Ok(rows) => format!("{key}: {rows} rows"),
    ///         Err(failure) => format!("{key}: {failure}"),
    ///     });
    ///     lines.collect::<Vec<_>>().join("\n")
    /// }
    /// # let _ = tell(&[]);
    /// ```
    #[track_caller]
    pub fn collect_results<C>(self) -> C
    where
        Self: Element<Results, Closed = C>,
    {
        self.close(None)
    }
}

macro_rules! unzip {
    ($($H:ident $i:tt),*) => {
        impl<$($H),*> Mapped<($($H,)*)> {
            /// Takes a mapped tuple apart: one mapped handle for each element.
            pub fn unzip(self) -> ($(Mapped<$H>,)*) {
                ($(Mapped { item: self.item, scope: self.scope, inner: self.inner.$i },)*)
            }
        }
    };
}
unzip!(A 0, B 1);
unzip!(A 0, B 1, C 2);
unzip!(A 0, B 1, C 2, D 3);

impl<H> fmt::Debug for Mapped<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapped({})", self.scope)
    }
}

/// A handle on the values of a map, gathered. It feeds an input of type `Vec<T>`.
pub struct Collected<T> {
    source: Placement,
    value: PhantomData<fn() -> T>,
}

impl<T> Collected<T> {
    /// Not possible: the values are together, as one. Declared so that the compiler can say so.
    pub fn map<H>(self, _: impl FnOnce(Unknown) -> H) -> Mapped<H>
    where
        Self: IsDynamic,
    {
        unreachable!("`IsDynamic` is never implemented")
    }

    pub(super) fn source(self) -> Placement {
        self.source
    }
}

impl<T> Clone for Collected<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Collected<T> {}

impl<T> fmt::Debug for Collected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collected({})", self.source.index)
    }
}

/// A constant, as an input.
#[must_use]
pub fn lit<T: Data>(value: T) -> Out<T> {
    compose::with(|composition| {
        composition.graph.literals.push(Value::new(value));
        let kind = SourceKind::Literal(composition.graph.literals.len() - 1);
        Out::new(composition.add_source(kind, 0, TypeInfo::of::<T>()))
    })
}

/// The type of the same name, so that a job body can call `lit` as it calls ops.
#[doc(hidden)]
#[expect(non_camel_case_types, reason = "it stands beside the function of this name")]
#[derive(Debug)]
pub struct lit {}

impl Node for lit {
    fn node() -> Self {
        Self {}
    }
}

impl lit {
    #[doc(hidden)]
    #[must_use]
    pub fn call<T: Data>(self, value: T) -> Out<T> {
        lit(value)
    }
}

/// Which form the elements of a collected map have.
pub trait Mode {
    /// One element, of a map over values of type `T`.
    type Item<T: ByValue>: ByValue;
    /// Whether failed items are elements too.
    const RESULTS: bool;

    #[doc(hidden)]
    fn assemble<T: ByValue>() -> Assemble;
}

/// The values alone.
#[derive(Clone, Copy, Debug)]
pub struct Values;

impl Mode for Values {
    type Item<T: ByValue> = T;
    const RESULTS: bool = false;

    fn assemble<T: ByValue>() -> Assemble {
        assemble_values::<T>
    }
}

/// The values with their keys.
#[derive(Clone, Copy, Debug)]
pub struct Keys;

impl Mode for Keys {
    type Item<T: ByValue> = Keyed<T>;
    const RESULTS: bool = false;

    fn assemble<T: ByValue>() -> Assemble {
        assemble_keyed::<T>
    }
}

/// Values and failures with their keys.
#[derive(Clone, Copy, Debug)]
pub struct Results;

impl Mode for Results {
    type Item<T: ByValue> = Keyed<Result<T, StepFailure>>;
    const RESULTS: bool = true;

    fn assemble<T: ByValue>() -> Assemble {
        assemble_results::<T>
    }
}

/// What a map's closure may return for the map to be collected: a handle, a collected or nested map, or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be collected",
    label = "the map gives nothing that can be collected",
    note = "let the closure return the handle of a step, or a tuple of handles"
)]
pub trait Element<M: Mode>: Sized {
    /// What collecting gives.
    type Closed;

    #[doc(hidden)]
    #[track_caller]
    fn close(self, around: Option<(Placement, usize)>) -> Self::Closed;
}

#[diagnostic::do_not_recommend]
impl<M: Mode, T: ByValue> Element<M> for Out<T> {
    type Closed = Collected<M::Item<T>>;

    #[track_caller]
    fn close(self, around: Option<(Placement, usize)>) -> Self::Closed {
        collect::<M::Item<T>>(self.source, around, M::RESULTS, M::assemble::<T>())
    }
}

#[diagnostic::do_not_recommend]
impl<M: Mode, T: ByValue> Element<M> for Collected<T> {
    type Closed = Collected<M::Item<Vec<T>>>;

    #[track_caller]
    fn close(self, around: Option<(Placement, usize)>) -> Self::Closed {
        collect::<M::Item<Vec<T>>>(self.source, around, M::RESULTS, M::assemble::<Vec<T>>())
    }
}

/// Collecting a map of something still open closes that first, once for each item, and leaves this map open.
#[diagnostic::do_not_recommend]
impl<M: Mode, T: ByValue> Element<M> for Mapped<Out<T>> {
    type Closed = Collected<M::Item<T>>;

    #[track_caller]
    fn close(self, _: Option<(Placement, usize)>) -> Self::Closed {
        Element::<M>::close(self.inner, Some((self.item, self.scope)))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Mode, T: ByValue> Element<M> for Mapped<Collected<T>> {
    type Closed = Collected<M::Item<Vec<T>>>;

    #[track_caller]
    fn close(self, _: Option<(Placement, usize)>) -> Self::Closed {
        Element::<M>::close(self.inner, Some((self.item, self.scope)))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Mode, H> Element<M> for Mapped<Mapped<H>>
where
    Mapped<H>: Element<M>,
{
    type Closed = Mapped<<Mapped<H> as Element<M>>::Closed>;

    #[track_caller]
    fn close(self, _: Option<(Placement, usize)>) -> Self::Closed {
        self.map(|inner| inner.close(None))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Mode, T: ByValue> Element<M> for Mapped<DynamicOut<T>> {
    type Closed = Mapped<Collected<M::Item<T>>>;

    #[track_caller]
    fn close(self, _: Option<(Placement, usize)>) -> Self::Closed {
        self.map(|inner| Element::<M>::close(Out::<T>::new(inner.item), Some((inner.item, inner.scope))))
    }
}

macro_rules! tuple_handles {
    ($($H:ident $i:tt),*) => {
        #[diagnostic::do_not_recommend]
        impl<M: Mode, $($H),*> Element<M> for Mapped<($($H,)*)>
        where
            $(Mapped<$H>: Element<M>,)*
        {
            type Closed = ($(<Mapped<$H> as Element<M>>::Closed,)*);

            #[track_caller]
            fn close(self, _: Option<(Placement, usize)>) -> Self::Closed {
                ($(Mapped { item: self.item, scope: self.scope, inner: self.inner.$i }.close(None),)*)
            }
        }

        impl<$($H: Handle),*> Handle for ($($H,)*) {
            fn node(&self) -> Option<NodeRef> {
                self.0.node()
            }
        }
    };
}
tuple_handles!(A 0, B 1);
tuple_handles!(A 0, B 1, C 2);
tuple_handles!(A 0, B 1, C 2, D 3);

#[track_caller]
fn collect<I: ByValue>(
    element: Placement,
    around: Option<(Placement, usize)>,
    results: bool,
    assemble: Assemble,
) -> Collected<I> {
    let place = Place::caller();
    compose::with(|composition| {
        let (scope, own) = match around {
            Some((item, scope)) => (scope, composition.own(item, &place) && composition.own(element, &place)),
            None => (0, false),
        };
        if !own {
            return Collected { source: element, value: PhantomData };
        }
        let parent = composition.parent_of(scope);
        let readable = composition.graph.sources[element.index].scope;
        if readable != scope {
            composition.graph.problems.push(
                Problem::new(
                    ProblemKind::LeakedFromMap,
                    format!(
                        "`.collect()` over {} gathers a value that does not come from inside it",
                        composition.map_name(scope)
                    ),
                )
                .at("collected", place)
                .hint("let the closure return the output of a step that it calls"),
            );
        }
        let kind = SourceKind::Collect { map: scope, element: element.index, results, assemble };
        let source = composition.add_source(kind, parent, TypeInfo::of::<Vec<I>>());
        Collected { source, value: PhantomData }
    })
}

#[track_caller]
fn in_map<H>(item: Placement, scope: usize, body: impl FnOnce() -> H) -> Mapped<H> {
    let place = Place::caller();
    compose::with(|composition| {
        if composition.own(item, &place) {
            let parent = composition.parent_of(scope);
            if composition.scope() != parent {
                let problem = Problem::new(
                    ProblemKind::UnrelatedDynamic,
                    format!(
                        "{} is opened in {}: two unrelated dynamic outputs meet",
                        composition.map_name(scope),
                        composition.map_name(composition.scope())
                    ),
                )
                .at("here", place)
                .hint("`.collect()` one of them first, or call the op that yields it inside the other's map");
                composition.graph.problems.push(problem);
            }
        }
        composition.enter_scope(scope);
    });
    let inner = body();
    compose::with(compose::Composition::leave_scope);
    Mapped { item, scope, inner }
}

/// The step behind a handle.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef(pub(super) Placement);

/// What can be said of a call: its name, tags, priority, retry policy, and what it waits for.
pub trait Handle: Sized {
    /// The step behind the handle; none for constants.
    fn node(&self) -> Option<NodeRef>;

    /// Names the step; without it the op's name is used, with `_2`, `_3`, .. for further calls.
    #[track_caller]
    fn named(self, name: &str) -> Self {
        change(self.node().map(|node| node.0), "named", |node| node.named = Some(name.to_owned()));
        self
    }

    /// Adds a tag to the step, besides those of the op.
    #[track_caller]
    fn tag(self, key: impl Into<String>, value: impl ToString) -> Self {
        let (key, value) = (key.into(), value.to_string());
        change(self.node().map(|node| node.0), "tag", |node| {
            node.tags.insert(key, value);
        });
        self
    }

    /// Sets the priority of the step, before that of the op.
    #[track_caller]
    fn priority(self, priority: i64) -> Self {
        change(self.node().map(|node| node.0), "priority", |node| {
            node.tags.insert(PRIORITY_TAG.to_owned(), priority.to_string());
        });
        self
    }

    /// Sets the retry policy of the step, before those of the op and the job.
    #[track_caller]
    fn retry(self, retry: Retry) -> Self {
        change(self.node().map(|node| node.0), "retry", |node| set_retry(node, retry));
        self
    }

    /// Lets the step wait for another one, without taking a value from it.
    #[track_caller]
    fn after(self, other: impl Handle) -> Self {
        let place = Place::caller();
        let other = other.node().map(|node| node.0);
        match other {
            Some(other) if compose::with(|composition| composition.own(other, &place)) => {
                change(self.node().map(|node| node.0), "after", |node| node.after.push(other.index));
            }
            // That the handle is foreign has been said.
            Some(_) => {}
            None => change(None, "after", |_| {}),
        }
        self
    }
}

fn node_of(source: Placement) -> Option<NodeRef> {
    compose::with(|composition| {
        if source.composition != composition.id {
            return Some(NodeRef(source));
        }
        composition.node_of(source.index).map(|index| NodeRef(Placement { index, ..source }))
    })
}

impl<T> Handle for Out<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.source)
    }
}

impl<T> Handle for DynamicOut<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.item)
    }
}

impl<T> Handle for Collected<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.source)
    }
}

impl<H: Handle> Handle for Mapped<H> {
    fn node(&self) -> Option<NodeRef> {
        self.inner.node()
    }
}
