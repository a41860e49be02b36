use std::fmt;
use std::marker::PhantomData;

use super::Unknown;
use super::collect::{Element, Keys, Results, Values};
use super::compose::{self, Placement};
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};
use crate::value::{ByValue, Data, Keyed};

/// A handle on a value of type `T` that a step will have.
///
/// It is `Copy`: a value may feed any number of steps. Use it as an argument of another op.
pub struct Out<T> {
    pub(super) source: Placement,
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

    /// Not possible, as [`collect`](Self::collect).
    pub fn collect_keyed(self) -> Collected<T>
    where
        Self: IsDynamic,
    {
        unreachable!("`IsDynamic` is never implemented")
    }

    /// Not possible, as [`collect`](Self::collect).
    pub fn collect_results(self) -> Collected<T>
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
    pub(super) item: Placement,
    pub(super) scope: usize,
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
    pub(super) item: Placement,
    pub(super) scope: usize,
    pub(super) inner: H,
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
unzip!(A 0, B 1, C 2, D 3, E 4);
unzip!(A 0, B 1, C 2, D 3, E 4, F 5);
unzip!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
unzip!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

impl<H> fmt::Debug for Mapped<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapped({})", self.scope)
    }
}

/// A handle on the values of a map, gathered. It feeds an input of type `Vec<T>`.
pub struct Collected<T> {
    pub(super) source: Placement,
    pub(super) value: PhantomData<fn() -> T>,
}

impl<T> Collected<T> {
    /// Not possible: the values are together, as one. Declared so that the compiler can say so.
    pub fn map<H>(self, _: impl FnOnce(Unknown) -> H) -> Mapped<H>
    where
        Self: IsDynamic,
    {
        unreachable!("`IsDynamic` is never implemented")
    }

    /// Not possible: they are collected. Declared so that the compiler can say so.
    pub fn collect(self) -> Self
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
