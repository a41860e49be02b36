use super::compose::{self, Placement, SourceKind};
use super::{Collected, Out};
use crate::failure::Failure;
use crate::value::{Assemble, ByValue, Data, Item, TypeInfo, Value, assemble_values};

/// A source that was found fit to feed an input.
#[derive(Clone, Copy, Debug)]
pub struct Feed(pub(crate) Placement);

/// What may feed an input of type `T`: the handle of an output of type `T`, a [`lit`](super::lit)eral, for `Vec<T>` also
/// an array of handles, a `Vec` of them or a [`Collected`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot feed an input of type `{T}`",
    label = "this gives `{Self}`",
    note = "an input takes an op's output of the same type; pass a constant with `lit(..)`",
    note = "many values, as `Dynamic` or mapped, are passed one by one with `.map(op)`, or together with `.collect()`"
)]
pub trait IntoInput<T> {
    /// The source.
    fn into_input(self) -> Feed;
}

#[diagnostic::do_not_recommend]
impl<T: Data> IntoInput<T> for Out<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Data> IntoInput<T> for &Out<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

/// So that `lit("text")` feeds a `String`, or a `&str`, which is one by reference.
#[diagnostic::do_not_recommend]
impl IntoInput<String> for Out<&'static str> {
    fn into_input(self) -> Feed {
        fn owned(items: Vec<Item>) -> Result<Value, Failure> {
            let text = items.into_iter().next().ok_or_else(|| Failure::new("no text to own"))?;
            Ok(Value::new(text.outcome?.take::<&'static str>()?.to_owned()))
        }
        gather::<String>(&[self.source()], owned)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ByValue> IntoInput<Vec<T>> for Collected<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

#[diagnostic::do_not_recommend]
impl<T: ByValue, H: IntoInput<T>, const N: usize> IntoInput<Vec<T>> for [H; N] {
    fn into_input(self) -> Feed {
        let sources: Vec<_> = self.into_iter().map(|handle| handle.into_input().0).collect();
        gather::<Vec<T>>(&sources, assemble_values::<T>)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ByValue, H: IntoInput<T>> IntoInput<Vec<T>> for Vec<H> {
    fn into_input(self) -> Feed {
        let sources: Vec<_> = self.into_iter().map(|handle| handle.into_input().0).collect();
        gather::<Vec<T>>(&sources, assemble_values::<T>)
    }
}

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
