use super::compose::{self, Placement, SourceKind};
use super::{Collected, DynamicOut, Mapped, Out};
use crate::failure::Failure;
use crate::value::{Assemble, ByValue, Data, Item, TypeInfo, Value, assemble_values};

/// A source that was found fit to feed an input.
#[derive(Clone, Copy, Debug)]
pub struct Feed(pub(crate) Placement);

/// What may feed an input of type `T`: the handle of an output of type `T`, a [`lit`](fn@super::lit)eral, for `Vec<T>` also
/// an array of handles, a `Vec` of them or a [`Collected`].
///
/// It is the other side of [`Takes`], which says for each handle what it can feed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a value, and an input of type `{T}` takes a handle",
    label = "a value, not a handle: write `lit(..)`",
    note = "a parameter of a `#[graph]` that feeds an input is an `Out<{T}>`"
)]
pub trait IntoInput<T> {
    /// The source.
    fn into_input(self) -> Feed;
}

impl<T: Takes<H>, H> IntoInput<T> for H {
    fn into_input(self) -> Feed {
        T::feed(self)
    }
}

/// A type of input that the handle `H` may feed.
///
/// It is implemented for inputs and not for handles, so that the compiler, when it tells of a mistake, has no list of
/// other handles to add. Handles that feed nothing have an implementation too, under a condition that is never met: the
/// compiler tells of the condition, and so of each mistake its own remedy.
#[diagnostic::on_unimplemented(
    message = "`{H}` cannot feed an input of type `{Self}`",
    label = "this gives `{H}`, which is no handle of one output",
    note = "a value is passed as `lit(..)`; of a struct of handles pass a field, `handles.field`"
)]
pub trait Takes<H>: Sized {
    #[doc(hidden)]
    fn feed(handle: H) -> Feed;
}

impl<T: TakesValue<V>, V> Takes<Out<V>> for T {
    fn feed(handle: Out<V>) -> Feed {
        T::feed_value(handle)
    }
}

impl<T: TakesValue<V>, V> Takes<&Out<V>> for T {
    fn feed(handle: &Out<V>) -> Feed {
        T::feed_value(*handle)
    }
}

impl<T: TakesGathered<V>, V> Takes<Collected<V>> for T {
    fn feed(handle: Collected<V>) -> Feed {
        Feed(handle.source())
    }
}

impl<T: TakesList<H>, H, const N: usize> Takes<[H; N]> for T {
    fn feed(handles: [H; N]) -> Feed {
        T::feed_list(handles)
    }
}

impl<T: TakesList<H>, H> Takes<Vec<H>> for T {
    fn feed(handles: Vec<H>) -> Feed {
        T::feed_list(handles)
    }
}

/// A type of input that one value of type `V` may feed.
#[diagnostic::on_unimplemented(
    message = "`Out<{V}>` cannot feed an input of type `{Self}`",
    label = "this gives `Out<{V}>`",
    note = "an input takes an output of its own type: let the op take `{V}`, or call an op in between that makes `{Self}` \
            of it; in an asset `#[stored]` has its IO manager read it as that type"
)]
#[doc(hidden)]
pub trait TakesValue<V>: Sized {
    #[doc(hidden)]
    fn feed_value(handle: Out<V>) -> Feed;
}

#[diagnostic::do_not_recommend]
impl<T: Data> TakesValue<T> for T {
    fn feed_value(handle: Out<T>) -> Feed {
        Feed(handle.source())
    }
}

/// So that `lit("text")` feeds a `String`, or a `&str`, which is one by reference.
#[diagnostic::do_not_recommend]
impl TakesValue<&'static str> for String {
    fn feed_value(handle: Out<&'static str>) -> Feed {
        fn owned(items: Vec<Item>) -> Result<Value, Failure> {
            let text = items.into_iter().next().ok_or_else(|| Failure::new("no text to own"))?;
            Ok(Value::new(text.outcome?.take::<&'static str>()?.to_owned()))
        }
        gather::<Self>(&[handle.source()], owned)
    }
}

impl<T: TakesIfThere<T>> TakesValue<Option<T>> for T {
    fn feed_value(_: Out<Option<T>>) -> Feed {
        unreachable!("`TakesIfThere` is never implemented")
    }
}

/// Never implemented: says how an output is made that may be left out.
#[diagnostic::on_unimplemented(
    message = "`Out<Option<{T}>>` cannot feed an input of type `{T}`",
    label = "this gives `Out<Option<{T}>>`",
    note = "to skip the step where there is no value, let the op that makes it return `Optional<{T}>`; to run it all the \
            same, let it take `Option<{T}>`"
)]
#[doc(hidden)]
pub trait TakesIfThere<T> {}

/// A type of input that values of type `V`, gathered, may feed.
#[diagnostic::on_unimplemented(
    message = "`Collected<{V}>` cannot feed an input of type `{Self}`",
    label = "this gives `Collected<{V}>`, all values together",
    note = "let the op take `Vec<{V}>`, or collect in the form that it takes: `.collect()` gives `Vec<T>`, \
            `.collect_keyed()` `Vec<Keyed<T>>` and `.collect_results()` `Vec<Keyed<Result<T, StepFailure>>>`",
    note = "to call the op once for each value, call it in `.map(..)`, before they are collected"
)]
#[doc(hidden)]
pub trait TakesGathered<V> {}

#[diagnostic::do_not_recommend]
impl<T: ByValue> TakesGathered<T> for Vec<T> {}

/// A type of input that a list of handles `H` may feed.
#[diagnostic::on_unimplemented(
    message = "a list of `{H}` cannot feed an input of type `{Self}`",
    label = "this gives a list of `{H}`",
    note = "handles of type `Out<T>`, as an array or a `Vec`, feed an input of type `Vec<T>`"
)]
#[doc(hidden)]
pub trait TakesList<H>: Sized {
    #[doc(hidden)]
    fn feed_list(handles: impl IntoIterator<Item = H>) -> Feed;
}

#[diagnostic::do_not_recommend]
impl<T: ByValue + Takes<H>, H> TakesList<H> for Vec<T> {
    fn feed_list(handles: impl IntoIterator<Item = H>) -> Feed {
        let sources: Vec<_> = handles.into_iter().map(|handle| T::feed(handle).0).collect();
        gather::<Self>(&sources, assemble_values::<T>)
    }
}

impl<T: TakesOneOf<DynamicOut<V>>, V> Takes<DynamicOut<V>> for T {
    fn feed(_: DynamicOut<V>) -> Feed {
        unreachable!("`TakesOneOf` is never implemented")
    }
}

impl<T: TakesOneOf<Mapped<H>>, H> Takes<Mapped<H>> for T {
    fn feed(_: Mapped<H>) -> Feed {
        unreachable!("`TakesOneOf` is never implemented")
    }
}

/// Never implemented: says how many values, each by itself, are passed on.
#[diagnostic::on_unimplemented(
    message = "`{H}` cannot feed an input of type `{Self}`",
    label = "this gives `{H}`, many values",
    note = "call the op once for each of them with `.map(op)`, or `.map(|each| each.map(op))` if they are themselves items \
            of a map; if the op takes a `Vec` of them, gather them with `.collect()`"
)]
#[doc(hidden)]
pub trait TakesOneOf<H> {}

/// Never implemented: says how several outputs are passed on.
#[diagnostic::on_unimplemented(
    message = "`{H}` cannot feed an input of type `{Self}`",
    label = "this gives several outputs, as a tuple",
    note = "take it apart, `let (a, b, ..) = ..`, and pass an element; a constant tuple is passed as `lit((..))`"
)]
#[doc(hidden)]
pub trait TakesElement<H> {}

/// Never implemented: says how a constant is passed. Told of text alone: numbers have no one type before they are known.
#[diagnostic::on_unimplemented(
    message = "`{V}` is a value, and an input of type `{Self}` takes a handle",
    label = "a value, not a handle: write `lit(..)`"
)]
#[doc(hidden)]
pub trait TakesConstant<V> {}

impl<'text, T: TakesConstant<&'text str>> Takes<&'text str> for T {
    fn feed(_: &'text str) -> Feed {
        unreachable!("`TakesConstant` is never implemented")
    }
}

impl<T: TakesConstant<String>> Takes<String> for T {
    fn feed(_: String) -> Feed {
        unreachable!("`TakesConstant` is never implemented")
    }
}

macro_rules! tuples {
    ($(($($H:ident)*))*) => {
        $(
            impl<T: TakesElement<($($H,)*)>, $($H),*> Takes<($($H,)*)> for T {
                fn feed(_: ($($H,)*)) -> Feed {
                    unreachable!("`TakesElement` is never implemented")
                }
            }
        )*
    };
}
tuples!((A B)(A B C)(A B C D)(A B C D E)(A B C D E F)(A B C D E F G)(A B C D E F G H));

/// A fan-in of several sources to one input.
fn gather<T: Data>(sources: &[Placement], assemble: Assemble) -> Feed {
    compose::with(|composition| {
        // The call that takes the fan-in says that a handle is foreign, and at which place.
        if let Some(foreign) = sources.iter().find(|source| source.composition != composition.id) {
            return Feed(*foreign);
        }
        let elements: Vec<usize> = sources.iter().map(|source| source.index).collect();
        // The fan-in can be read where all its elements can: in the innermost of their maps.
        let scope = elements.iter().map(|&element| composition.graph.sources[element].scope).fold(
            0,
            |inner, scope| {
                if composition.encloses(inner, scope) { scope } else { inner }
            },
        );
        let stray = elements.iter().any(|&element| {
            let readable = composition.graph.sources[element].scope;
            !composition.encloses(readable, scope)
        });
        // Elements of unrelated maps: readable nowhere, so the step that takes them says so.
        let scope = if stray {
            elements
                .iter()
                .map(|&element| composition.graph.sources[element].scope)
                .find(|&readable| !composition.encloses(readable, composition.scope()))
                .unwrap_or(scope)
        } else {
            scope
        };
        Feed(composition.add_source(SourceKind::List { elements, assemble }, scope, TypeInfo::of::<T>()))
    })
}
