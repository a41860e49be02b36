use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dynamic, ItemStream};
use crate::failure::Failure;
use crate::graph::{DynamicOut, Out, Placed};
use crate::ids::StepPath;
use crate::value::{Data, TypeInfo, Value};

/// One output of an op, as declared by its return type.
#[derive(Clone, Debug)]
pub struct OutputDef {
    /// `result` for a lone output, `output_0`, `output_1`, .. for a tuple, the field's name for a struct.
    pub name: Arc<str>,
    /// The type of the value, or of one item of a dynamic output.
    pub ty: TypeInfo,
    /// How many values there are.
    pub kind: OutputKind,
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

/// What a body hands over for one output.
#[derive(Debug)]
pub enum Product {
    /// Its value.
    Value(Value),
    /// Nothing, for an optional output.
    Absent,
    /// Its items, to be pulled.
    Items(ItemStream),
}

/// What a body hands over, one for each output in their order. Most ops have one output, which needs no allocation.
pub type Products = smallvec::SmallVec<[Product; 1]>;

/// An output that may be left out: `Optional::none()` skips, without failing, what depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Optional<T>(Option<T>);

impl<T> Optional<T> {
    #[doc(hidden)]
    pub const __ORCH_KIND: u8 = kind::OPTIONAL;

    /// The output has this value.
    pub const fn some(value: T) -> Self {
        Self(Some(value))
    }

    /// The output is left out.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The value, if there is one.
    pub fn into_option(self) -> Option<T> {
        self.0
    }
}

impl<T> From<Option<T>> for Optional<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

impl<T> Dynamic<T> {
    #[doc(hidden)]
    pub const __ORCH_KIND: u8 = kind::DYNAMIC;
}

/// The kinds by which [`Output`] tells return types apart.
///
/// `Output<VALUE>` is implemented for every type, so a second blanket implementation for, say, all structs that derive
/// `Outputs` could not stand beside it. The kind is found by `<T>::__ORCH_KIND`: an inherent constant where the type
/// has one, else [`DefaultKind`]'s.
pub mod kind {
    /// A plain value.
    pub const VALUE: u8 = 0;
    /// An [`Optional`](super::Optional).
    pub const OPTIONAL: u8 = 1;
    /// A [`Dynamic`](super::Dynamic).
    pub const DYNAMIC: u8 = 2;
    /// A struct that derives `Outputs`.
    pub const STRUCT: u8 = 3;
    /// A type that no op can return; see [`Fit`](super::Fit).
    pub const UNFIT: u8 = u8::MAX;
}

/// Gives every type the kind of a plain value, unless it has an inherent `__ORCH_KIND`.
#[doc(hidden)]
pub trait DefaultKind {
    #[doc(hidden)]
    const __ORCH_KIND: u8 = kind::VALUE;
}

impl<T: ?Sized> DefaultKind for T {}

/// Finds out whether a type is an [`Output`] without failing if it is not: `Fit::<T, KIND>::KIND` is then
/// [`kind::UNFIT`].
///
/// `#[op]` asks for the trait itself in one place only, so that the compiler says once that a type is unfit, and not
/// again wherever the op is used.
#[doc(hidden)]
pub struct Fit<T, const KIND: u8>(PhantomData<fn() -> T>);

impl<T: Output<KIND>, const KIND: u8> Fit<T, KIND> {
    #[doc(hidden)]
    pub const KIND: u8 = KIND;
}

impl<T, const KIND: u8> fmt::Debug for Fit<T, KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fit")
    }
}

/// The answer of [`Fit`] where its inherent constant does not apply.
#[doc(hidden)]
pub trait DefaultFit {
    #[doc(hidden)]
    const KIND: u8 = kind::UNFIT;
}

impl<T, const KIND: u8> DefaultFit for Fit<T, KIND> {}

#[diagnostic::do_not_recommend]
impl<T> Output<{ kind::UNFIT }> for T {
    type Handles = Out<T>;
    type Values<'run> = ();

    fn declare(_: &str, _: &mut Vec<OutputDef>) {}

    fn handles(_: &mut Placed) -> Out<T> {
        unreachable!("an op with such an output does not compile")
    }

    fn produce(self, _: &mut Products) {}

    fn values<'run>(_: &mut ValuesOf<'run>) -> Result<(), Failure> {
        Ok(())
    }
}

/// What the struct pattern of a type stands for in a job body: the handles of the outputs if it derives `Outputs`, else
/// the type itself.
#[doc(hidden)]
pub trait HandlesOf<const KIND: u8> {
    #[doc(hidden)]
    type Pattern;
}

impl<T> HandlesOf<{ kind::VALUE }> for T {
    type Pattern = T;
}

impl<T: Output<{ kind::STRUCT }>> HandlesOf<{ kind::STRUCT }> for T {
    type Pattern = T::Handles;
}

/// The error of an op: whatever can become a [`Failure`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an op",
    label = "its error cannot become a `Failure`",
    note = "implement `std::error::Error` for it, which must also be `Send + Sync`, or return `orch::Result<T>`"
)]
pub trait OpError: Sized {
    /// The error as it travels on.
    fn into_failure(self) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Failure>> OpError for E {
    fn into_failure(self) -> Failure {
        self.into()
    }
}

/// The `Result<T, _>` that an op returns.
#[diagnostic::on_unimplemented(message = "`{Self}` is no `Result`", label = "has the name of a `Result`")]
pub trait FallibleReturn<T> {
    /// The same with the error that travels on.
    ///
    /// # Errors
    /// The op's own.
    fn into_failure(self) -> Result<T, Failure>;
}

impl<T, E: OpError> FallibleReturn<T> for Result<T, E> {
    fn into_failure(self) -> Result<T, Failure> {
        self.map_err(OpError::into_failure)
    }
}

/// A type that an op can return, alone or in a tuple. Implemented for all [`Data`], [`Optional`] and [`Dynamic`], and by
/// `#[derive(Outputs)]`.
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
        outputs.push(OutputDef { name: name.into(), ty: TypeInfo::of::<T>(), kind: OutputKind::Single });
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
        outputs.push(OutputDef { name: name.into(), ty: TypeInfo::of::<T>(), kind: OutputKind::Optional });
    }

    fn handles(placed: &mut Placed) -> Out<T> {
        placed.next_out()
    }

    fn produce(self, products: &mut Products) {
        products.push(self.0.map_or(Product::Absent, |value| Product::Value(Value::new(value))));
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
        outputs.push(OutputDef { name: name.into(), ty: TypeInfo::of::<T>(), kind: OutputKind::Dynamic });
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
#[derive(Debug)]
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
