//! The kinds by which [`Output`] tells return types apart.
//!
//! `Output<VALUE>` is implemented for every type, so a second blanket implementation for, say, all structs that derive
//! `Outputs` could not stand beside it. The kind is found by `<T>::__ORCH_KIND`: an inherent constant where the type
//! has one, else [`DefaultKind`]'s.

use std::fmt;
use std::marker::PhantomData;

use super::{Output, OutputDef, Products, ValuesOf};
use crate::failure::Failure;
use crate::graph::{Out, Placed};

/// A plain value.
pub const VALUE: u8 = 0;
/// An [`Optional`](super::Optional).
pub const OPTIONAL: u8 = 1;
/// A [`Dynamic`](super::Dynamic).
pub const DYNAMIC: u8 = 2;
/// A struct that derives `Outputs`.
pub const STRUCT: u8 = 3;
/// A [`WithMetadata`](super::WithMetadata).
pub const WITH_METADATA: u8 = 4;
/// A type that no op can return; see [`Fit`].
pub const UNFIT: u8 = u8::MAX;

/// Gives every type the kind of a plain value, unless it has an inherent `__ORCH_KIND`.
#[doc(hidden)]
pub trait DefaultKind {
    #[doc(hidden)]
    const __ORCH_KIND: u8 = VALUE;
}

impl<T: ?Sized> DefaultKind for T {}

/// Finds out whether a type is an [`Output`] without failing if it is not: `Fit::<T, KIND>::KIND` is then
/// [`UNFIT`].
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
    const KIND: u8 = UNFIT;
}

impl<T, const KIND: u8> DefaultFit for Fit<T, KIND> {}

#[diagnostic::do_not_recommend]
impl<T> Output<{ UNFIT }> for T {
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

impl<T> HandlesOf<{ VALUE }> for T {
    type Pattern = T;
}

impl<T: Output<{ STRUCT }>> HandlesOf<{ STRUCT }> for T {
    type Pattern = T::Handles;
}
