use super::compose::{self, Placement, SourceKind};
use super::{Collected, DynamicOut, Mapped, Out};
use crate::failure::Failure;
use crate::value::{Assemble, ByValue, Data, Item, TypeInfo, Value, assemble_values};

/// A source that was found fit to feed an input.
#[derive(Clone, Copy, Debug)]
pub struct Feed(pub(crate) Placement);

/// What may feed an input of type `T`: the handle of an output of type `T`, a [`lit`](super::lit)eral, for `Vec<T>` also
/// an array of handles, a `Vec` of them or a [`Collected`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot feed an input of type `{T}`",
    label = "this is a `{Self}`",
    note = "an input takes the output of an op of the same type; constants are passed with `lit(..)`"
)]
pub trait IntoInput<T> {
    /// The source.
    fn into_input(self) -> Feed;
}

impl<T: Data> IntoInput<T> for Out<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

impl<T: Data> IntoInput<T> for &Out<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

/// So that `lit("text")` feeds a `String`, or a `&str`, which is one by reference.
impl IntoInput<String> for Out<&'static str> {
    fn into_input(self) -> Feed {
        fn owned(items: Vec<Item>) -> Result<Value, Failure> {
            let text = items.into_iter().next().ok_or_else(|| Failure::new("no text to own"))?;
            Ok(Value::new(text.outcome?.take::<&'static str>()?.to_owned()))
        }
        gather::<String>(vec![self.source()], owned)
    }
}

impl<T: ByValue> IntoInput<Vec<T>> for Collected<T> {
    fn into_input(self) -> Feed {
        Feed(self.source())
    }
}

impl<T: ByValue, H: IntoInput<T>, const N: usize> IntoInput<Vec<T>> for [H; N] {
    fn into_input(self) -> Feed {
        gather::<Vec<T>>(self.into_iter().map(|handle| handle.into_input().0).collect(), assemble_values::<T>)
    }
}

impl<T: ByValue, H: IntoInput<T>> IntoInput<Vec<T>> for Vec<H> {
    fn into_input(self) -> Feed {
        gather::<Vec<T>>(self.into_iter().map(|handle| handle.into_input().0).collect(), assemble_values::<T>)
    }
}

/// Never implemented: says why a dynamic output cannot feed an op.
#[diagnostic::on_unimplemented(
    message = "a dynamic output cannot feed an op as it is",
    label = "this is many values",
    note = "run the op once for each item with `.map(op)`, or once for all of them with `.collect()`"
)]
pub trait NotDynamic {}

#[diagnostic::do_not_recommend]
impl<T, U> IntoInput<T> for DynamicOut<U>
where
    Self: NotDynamic,
{
    fn into_input(self) -> Feed {
        Feed(self.item())
    }
}

/// Never implemented: says why the result of a map cannot feed an op.
#[diagnostic::on_unimplemented(
    message = "the result of a map cannot feed an op as it is",
    label = "this is one value for each item",
    note = "go on for each item with another `.map(op)`, or gather all of them with `.collect()`"
)]
pub trait NotMapped {}

#[diagnostic::do_not_recommend]
impl<T, H: IntoInput<T>> IntoInput<T> for Mapped<H>
where
    Self: NotMapped,
{
    fn into_input(self) -> Feed {
        self.into_inner().into_input()
    }
}

/// A fan-in of several sources to one input.
fn gather<T: Data>(sources: Vec<Placement>, assemble: Assemble) -> Feed {
    compose::with(|composition| {
        // The call that takes the fan-in says that a handle is foreign, and at which place.
        if let Some(foreign) = sources.iter().find(|source| source.composition != composition.id) {
            return Feed(*foreign);
        }
        let elements: Vec<usize> = sources.iter().map(|source| source.index).collect();
        // The fan-in can be read where all its elements can: in the innermost of their maps.
        let scope = elements.iter().map(|&element| composition.graph.sources[element].scope).fold(0, |inner, scope| {
            if composition.encloses(inner, scope) { scope } else { inner }
        });
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
