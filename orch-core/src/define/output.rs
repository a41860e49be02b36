use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dynamic, OutputSaid, Product, Products, WithMetadata, kind};
use crate::failure::Failure;
use crate::graph::{DynamicOut, Out, Placed};
use crate::ids::StepPath;
use crate::io::{Codec, Coded};
use crate::value::{Data, TypeInfo, Value};

/// One output of an op, as declared by its return type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutputDef {
    /// `result` for a lone output, `output_0`, `output_1`, .. for a tuple, the field's name for a struct.
    pub name: Arc<str>,
    /// The type of the value, or of one item of a dynamic output.
    pub ty: TypeInfo,
    /// How many values there are.
    pub kind: OutputKind,
    /// How they are written as bytes, where the op names no IO manager; none if they live in memory alone.
    pub codec: Option<Codec>,
}

impl OutputDef {
    /// One whose codec is yet to be told; that nothing was returned can always be written.
    fn new<T: 'static>(name: &str, kind: OutputKind) -> Self {
        let ty = TypeInfo::of::<T>();
        let codec = (ty == TypeInfo::of::<()>()).then(Codec::of::<()>);
        Self { name: name.into(), ty, kind, codec }
    }

    /// One value of this type, written so.
    pub(crate) fn single(name: &str, ty: TypeInfo, codec: Option<Codec>) -> Self {
        Self { name: name.into(), ty, kind: OutputKind::Single, codec }
    }

    /// Tells outputs their codecs, which are the answers of [`Coded`]: each one holds for all outputs of its type, and
    /// one of another type for none.
    pub fn coded(outputs: &mut [Self], codecs: impl IntoIterator<Item = Option<fn() -> Codec>>) {
        for codec in codecs.into_iter().flatten().map(|codec| codec()).filter(Codec::reads_back) {
            for output in outputs.iter_mut().filter(|output| output.ty == codec.ty()) {
                output.codec = Some(codec);
            }
        }
    }
}

/// How many values an output has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Exactly one.
    Single,
    /// One or none; if there is none, what depends on it is skipped.
    Optional,
    /// Any number, each under its key.
    Dynamic,
}

/// An output that may be left out: `Optional::none()` skips, without failing, what depends on it.
#[derive(Clone, Debug)]
pub struct Optional<T> {
    value: Option<T>,
    /// What is known of it, if it was made of a value with metadata.
    said: Option<Box<OutputSaid>>,
}

impl<T> Optional<T> {
    #[doc(hidden)]
    pub const __ORCH_KIND: u8 = kind::OPTIONAL;

    /// The output has this value.
    pub const fn some(value: T) -> Self {
        Self { value: Some(value), said: None }
    }

    /// The output is left out.
    #[must_use]
    pub const fn none() -> Self {
        Self { value: None, said: None }
    }

    /// The value, if there is one.
    pub fn into_option(self) -> Option<T> {
        self.value
    }
}

impl<T> Default for Optional<T> {
    fn default() -> Self {
        Self::none()
    }
}

/// By the values: whatever is known of them.
impl<T: PartialEq> PartialEq for Optional<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Optional<T> {}

impl<T> From<Option<T>> for Optional<T> {
    fn from(value: Option<T>) -> Self {
        Self { value, said: None }
    }
}

impl<T> From<WithMetadata<T>> for Optional<T> {
    fn from(output: WithMetadata<T>) -> Self {
        Self { value: Some(output.value), said: Some(Box::new(output.said)) }
    }
}

impl<T> Dynamic<T> {
    #[doc(hidden)]
    pub const __ORCH_KIND: u8 = kind::DYNAMIC;
}

impl<T: Data + Serialize + Deserialize<'static>> Coded<Optional<T>> {
    /// How the value is written, if there is one.
    pub const CODEC: Option<fn() -> Codec> = Coded::<T>::CODEC;
}

impl<T: Data + Serialize + Deserialize<'static>> Coded<Dynamic<T>> {
    /// How the items are written.
    pub const CODEC: Option<fn() -> Codec> = Coded::<T>::CODEC;
}

/// A type that an op can return, alone or in a tuple. Implemented for all [`Data`], [`Optional`], [`Dynamic`] and
/// [`WithMetadata`], and by `#[derive(Outputs)]`.
#[diagnostic::on_unimplemented(
    message = "an op cannot return `{Self}`",
    label = "must be `Send + Sync + 'static`",
    note = "steps run on several threads: use `Arc` for `Rc`, `Mutex` for `RefCell`, and owned data for borrowed"
)]
pub trait Output<const KIND: u8>: Sized {
    /// What a call of the op gives in a job body.
    type Handles;
    /// What a finished run gives when asked for the output.
    type Values<'run>;

    /// Declares the outputs; `name` is for those that have none of their own.
    fn declare(name: &str, outputs: &mut Vec<OutputDef>);
    /// Makes the handles, taking the outputs of `placed` in order.
    fn handles(placed: &mut Placed) -> Self::Handles;
    /// Splits the returned value, in the order of [`Output::declare`].
    fn produce(self, products: &mut Products);
    /// Finds the values again, in the order of [`Output::declare`].
    ///
    /// # Errors
    /// If a value was not kept or does not exist.
    fn values<'run>(kept: &mut ValuesOf<'run>) -> Result<Self::Values<'run>, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: Data> Output<{ kind::VALUE }> for T {
    type Handles = Out<T>;
    type Values<'run> = &'run T;

    fn declare(name: &str, outputs: &mut Vec<OutputDef>) {
        outputs.push(OutputDef::new::<T>(name, OutputKind::Single));
    }

    fn handles(placed: &mut Placed) -> Out<T> {
        placed.next_out()
    }

    fn produce(self, products: &mut Products) {
        products.push(Product::Value(Value::new(self)));
    }

    fn values<'run>(kept: &mut ValuesOf<'run>) -> Result<&'run T, Failure> {
        kept.next_value()?.ok_or_else(|| Failure::new("the output has no value"))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Data> Output<{ kind::OPTIONAL }> for Optional<T> {
    type Handles = Out<T>;
    type Values<'run> = Option<&'run T>;

    fn declare(name: &str, outputs: &mut Vec<OutputDef>) {
        outputs.push(OutputDef::new::<T>(name, OutputKind::Optional));
    }

    fn handles(placed: &mut Placed) -> Out<T> {
        placed.next_out()
    }

    fn produce(self, products: &mut Products) {
        if let Some(said) = self.said {
            products.say(*said);
        }
        products.push(self.value.map_or(Product::Absent, |value| Product::Value(Value::new(value))));
    }

    fn values<'run>(kept: &mut ValuesOf<'run>) -> Result<Option<&'run T>, Failure> {
        kept.next_value()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Data> Output<{ kind::DYNAMIC }> for Dynamic<T> {
    type Handles = DynamicOut<T>;
    type Values<'run> = Vec<(String, &'run T)>;

    fn declare(name: &str, outputs: &mut Vec<OutputDef>) {
        outputs.push(OutputDef::new::<T>(name, OutputKind::Dynamic));
    }

    fn handles(placed: &mut Placed) -> DynamicOut<T> {
        placed.next_dynamic()
    }

    fn produce(self, products: &mut Products) {
        products.push(Product::Items(self.into_erased()));
    }

    fn values<'run>(kept: &mut ValuesOf<'run>) -> Result<Self::Values<'run>, Failure> {
        kept.next_items()
    }
}

/// What an op returns as a whole: one output, a tuple of them, either within `Result`. `#[op]` writes it down.
pub trait Outputs: 'static {
    /// The return type of the function.
    type Raw;
    /// What a call of the op gives in a job body.
    type Handles;
    /// What a finished run gives when asked for the op's outputs.
    type Values<'run>;

    /// The outputs, in order.
    fn declare() -> Vec<OutputDef>;
    /// The handles of a placed step.
    fn handles(placed: Placed) -> Self::Handles;
    /// Splits what the function returned.
    ///
    /// # Errors
    /// The function's own.
    fn produce(raw: Self::Raw) -> Result<Products, Failure>;
    /// Finds the values of one step in a finished run.
    ///
    /// # Errors
    /// If a value was not kept or does not exist.
    fn values(kept: ValuesOf<'_>) -> Result<Self::Values<'_>, Failure>;
}

/// A lone output of type `T`.
pub struct One<T, const KIND: u8>(PhantomData<fn() -> T>);

impl<T, const KIND: u8> fmt::Debug for One<T, KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("One")
    }
}

impl<T: Output<KIND> + 'static, const KIND: u8> Outputs for One<T, KIND> {
    type Raw = T;
    type Handles = T::Handles;
    type Values<'run> = T::Values<'run>;

    fn declare() -> Vec<OutputDef> {
        let mut outputs = Vec::with_capacity(1);
        T::declare("result", &mut outputs);
        outputs
    }

    fn handles(mut placed: Placed) -> T::Handles {
        T::handles(&mut placed)
    }

    fn produce(raw: T) -> Result<Products, Failure> {
        let mut products = Products::new();
        raw.produce(&mut products);
        Ok(products)
    }

    fn values(mut kept: ValuesOf<'_>) -> Result<T::Values<'_>, Failure> {
        T::values(&mut kept)
    }
}

/// The outputs `O`, or an error.
pub struct Fallible<O, E>(PhantomData<fn() -> (O, E)>);

impl<O, E> fmt::Debug for Fallible<O, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallible")
    }
}

impl<O: Outputs, E: Into<Failure> + 'static> Outputs for Fallible<O, E> {
    type Raw = Result<O::Raw, E>;
    type Handles = O::Handles;
    type Values<'run> = O::Values<'run>;

    fn declare() -> Vec<OutputDef> {
        O::declare()
    }

    fn handles(placed: Placed) -> O::Handles {
        O::handles(placed)
    }

    fn produce(raw: Self::Raw) -> Result<Products, Failure> {
        O::produce(raw.map_err(Into::into)?)
    }

    fn values(kept: ValuesOf<'_>) -> Result<O::Values<'_>, Failure> {
        O::values(kept)
    }
}

macro_rules! tuples {
    ($(($T:ident $K:ident $v:ident $i:literal))*) => {
        impl<$($T: Output<$K> + 'static, const $K: u8),*> Outputs for ($(One<$T, $K>,)*) {
            type Raw = ($($T,)*);
            type Handles = ($($T::Handles,)*);
            type Values<'run> = ($($T::Values<'run>,)*);

            fn declare() -> Vec<OutputDef> {
                let mut outputs = Vec::new();
                $($T::declare(concat!("output_", $i), &mut outputs);)*
                outputs
            }

            fn handles(mut placed: Placed) -> Self::Handles {
                ($($T::handles(&mut placed),)*)
            }

            fn produce(($($v,)*): Self::Raw) -> Result<Products, Failure> {
                let mut products = Products::new();
                $($v.produce(&mut products);)*
                Ok(products)
            }

            fn values(mut kept: ValuesOf<'_>) -> Result<Self::Values<'_>, Failure> {
                Ok(($($T::values(&mut kept)?,)*))
            }
        }
    };
}
tuples!((A KA a 0)(B KB b 1));
tuples!((A KA a 0)(B KB b 1)(C KC c 2));
tuples!((A KA a 0)(B KB b 1)(C KC c 2)(D KD d 3));
tuples!((A KA a 0)(B KB b 1)(C KC c 2)(D KD d 3)(E KE e 4));
tuples!((A KA a 0)(B KB b 1)(C KC c 2)(D KD d 3)(E KE e 4)(F KF f 5));
tuples!((A KA a 0)(B KB b 1)(C KC c 2)(D KD d 3)(E KE e 4)(F KF f 5)(G KG g 6));
tuples!((A KA a 0)(B KB b 1)(C KC c 2)(D KD d 3)(E KE e 4)(F KF f 5)(G KG g 6)(H KH h 7));

/// The kept outputs of one step of a finished run, taken one after another.
#[derive(Debug)]
pub struct ValuesOf<'run> {
    step: &'run StepPath,
    outputs: std::slice::Iter<'run, KeptOutput>,
}

/// What a run kept of one output.
#[derive(Clone, Debug)]
pub(crate) enum KeptOutput {
    Value(Value),
    Absent,
    Items(Vec<(String, Value)>),
}

impl<'run> ValuesOf<'run> {
    pub(crate) fn new(step: &'run StepPath, outputs: &'run [KeptOutput]) -> Self {
        Self { step, outputs: outputs.iter() }
    }

    /// The value of the next output, or none where an optional one was left out.
    ///
    /// # Errors
    /// If there is no further output, or it is of another type.
    pub fn next_value<T: Data>(&mut self) -> Result<Option<&'run T>, Failure> {
        match self.outputs.next() {
            Some(KeptOutput::Value(value)) => self.typed(value).map(Some),
            Some(KeptOutput::Absent) => Ok(None),
            _ => Err(Failure::new(format!("`{}` has no such output", self.step))),
        }
    }

    /// The items of the next output, which is dynamic, with their keys, in the order of emission.
    ///
    /// # Errors
    /// If there is no further output, or it is of another type.
    pub fn next_items<T: Data>(&mut self) -> Result<Vec<(String, &'run T)>, Failure> {
        match self.outputs.next() {
            Some(KeptOutput::Items(items)) => {
                items.iter().map(|(key, value)| Ok((key.clone(), self.typed(value)?))).collect()
            }
            _ => Err(Failure::new(format!("`{}` has no such output", self.step))),
        }
    }

    fn typed<T: Data>(&self, value: &'run Value) -> Result<&'run T, Failure> {
        value.get().ok_or_else(|| Failure::new(format!("an output of `{}` is of another type", self.step)))
    }
}

#[cfg(test)]
mod tests;
