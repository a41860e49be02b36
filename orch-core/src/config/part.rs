//! What the code that `#[derive(Config)]` generates asks of types, so that a mistake is told once and in words that help.
//!
//! Serde and schemars would each miss their traits at several places. What is here finds out by how the compiler looks up
//! names whether a type has them: what belongs to the type itself, under the condition that it has, goes before what a
//! trait gives to all types.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

/// What can be the type of a field in a type that derives `Config`: `T: Part<{ PartOf::<T>::IS }>`. As a condition of
/// generated code it is told if it does not hold, and within that code it holds all the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of configuration",
    label = "is no configuration",
    note = "derive it: `#[derive(Config)]`",
    note = "types of other crates are, if they implement `Serialize` and `Deserialize` of serde and `JsonSchema` of schemars"
)]
pub trait Part<const IS: bool>: Serialize + DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> Part<true> for T {}

/// Knows whether `T` can be a part of configuration.
#[derive(Debug)]
pub struct PartOf<T>(PhantomData<T>);

impl<T: Serialize + DeserializeOwned + JsonSchema> PartOf<T> {
    /// It can.
    pub const IS: bool = true;
}

/// Of other types.
pub trait NoPart {
    /// It cannot.
    const IS: bool = false;
}

impl<T> NoPart for PartOf<T> {}

/// The type whose schema a field has: its own, so that schemars misses nothing of a type that is no part.
pub trait Described<const IS: bool> {
    /// `T`, if it is a part.
    type By;
}

impl<T> Described<true> for PartOf<T> {
    type By = T;
}

impl<T> Described<false> for PartOf<T> {
    type By = ();
}

const TOLD: &str = "what was refused when it was compiled does not run";

/// What serde's `remote` gives a mirror, for one that serde has refused and said why.
pub trait Refused {
    /// In place of the one that serde would have made.
    #[doc(hidden)]
    fn serialize<V: ?Sized, S: Serializer>(_: &V, _: S) -> Result<S::Ok, S::Error> {
        unreachable!("{TOLD}")
    }

    /// In place of the one that serde would have made.
    #[doc(hidden)]
    fn deserialize<'de, V, D: Deserializer<'de>>(_: D) -> Result<V, D::Error> {
        unreachable!("{TOLD}")
    }
}

impl<M> Refused for M {}

/// The schema of a mirror.
#[derive(Debug)]
pub struct SchemaOf<M>(PhantomData<M>);

impl<M: JsonSchema> SchemaOf<M> {
    /// Whether it stands where it is used.
    #[must_use]
    pub fn is_inline() -> bool {
        M::inline_schema()
    }

    /// What it is called among others.
    #[must_use]
    pub fn name() -> Cow<'static, str> {
        M::schema_name()
    }

    /// What tells it from others of its name.
    #[must_use]
    pub fn id() -> Cow<'static, str> {
        M::schema_id()
    }

    /// The schema itself.
    pub fn generate(generator: &mut SchemaGenerator) -> Schema {
        M::json_schema(generator)
    }
}

/// The same for a mirror that schemars has refused and said why.
pub trait NoSchema {
    /// In place of the schema's own.
    #[doc(hidden)]
    #[must_use]
    fn is_inline() -> bool {
        unreachable!("{TOLD}")
    }

    /// In place of the schema's own.
    #[doc(hidden)]
    #[must_use]
    fn name() -> Cow<'static, str> {
        unreachable!("{TOLD}")
    }

    /// In place of the schema's own.
    #[doc(hidden)]
    #[must_use]
    fn id() -> Cow<'static, str> {
        unreachable!("{TOLD}")
    }

    /// In place of the schema itself.
    #[doc(hidden)]
    fn generate(_: &mut SchemaGenerator) -> Schema {
        unreachable!("{TOLD}")
    }
}

impl<M> NoSchema for SchemaOf<M> {}
