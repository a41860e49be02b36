use std::marker::PhantomData;

use super::compose::{self, Placement, SourceKind};
use super::{Collected, DynamicOut, Mapped, Out};
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};
use crate::value::{
    Assemble, ByValue, Keyed, StepFailure, TypeInfo, assemble_keyed, assemble_results, assemble_values,
};

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

macro_rules! tuples {
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
    };
}
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

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
