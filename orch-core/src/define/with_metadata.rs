use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{OutputDef, OutputSaid, Products, ValuesOf, kind};
use crate::asset::{MetadataValue, TypedMetadata};
use crate::define::Output;
use crate::failure::Failure;
use crate::graph::{Out, Placed};
use crate::io::{Codec, Coded};
use crate::value::Data;

/// A value, and what is known of it: what an op returns that makes an asset, in the place of the value alone.
///
/// It is as if the code had said it by its [`Context`](super::Context), but of this output alone. Who takes the value takes a
/// `T`. As one of several outputs it is a field of its own type, `orders: WithMetadata<Vec<i64>>`; an
/// [`Optional`](super::Optional) output is made of one, `.into()`.
///
/// ```
/// use orch_core::asset::MetadataValue;
/// use orch_core::define::{Optional, WithMetadata};
///
/// // With #[asset].
/// fn orders() -> WithMetadata<Vec<i64>> {
///     let orders = vec![30, 10];
///     let most = orders.iter().max().copied().unwrap_or(0);
///     WithMetadata::new(orders).metadata("most", most).data_version("2024-01-31")
/// }
///
/// // A test looks at the value, and at what is known of it.
/// let orders = orders();
/// assert_eq!(orders.value(), &[30, 10]);
/// assert_eq!(orders.said()["most"], MetadataValue::Int(30));
/// assert_eq!(orders.version(), Some("2024-01-31"));
///
/// let optional: Optional<Vec<i64>> = orders.into();
/// assert_eq!(optional.into_option(), Some(vec![30, 10]));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct WithMetadata<T> {
    pub(super) value: T,
    pub(super) said: OutputSaid,
    /// Keeps it from being a value itself, `Optional<WithMetadata<T>>`: what is known is known of an output as a whole.
    whole: PhantomData<Cell<()>>,
}

impl<T> WithMetadata<T> {
    #[doc(hidden)]
    pub const __ORCH_KIND: u8 = kind::WITH_METADATA;

    /// The value, of which nothing is said yet.
    pub fn new(value: T) -> Self {
        Self { value, said: OutputSaid::default(), whole: PhantomData }
    }

    /// Says something of the value, under this name and as what it is. What is said twice holds as it was said last, and before
    /// what the code said by its [`Context`](super::Context).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.said.metadata.insert(name.into(), value.into().written());
        self
    }

    /// Says which version of the data the value is, such as the date of its source. By default it is the hash of its bytes.
    pub fn data_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.said.data_version = Some(version.into());
        self
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// What is said of it.
    #[must_use]
    pub fn said(&self) -> &TypedMetadata {
        &self.said.metadata
    }

    /// The version of its data that is said.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.said.data_version.as_deref()
    }
}

impl<T: Data + Serialize + Deserialize<'static>> Coded<WithMetadata<T>> {
    /// How the value is written.
    pub const CODEC: Option<fn() -> Codec> = Coded::<T>::CODEC;
}

#[diagnostic::do_not_recommend]
impl<T: Data> Output<{ kind::WITH_METADATA }> for WithMetadata<T> {
    type Handles = Out<T>;
    type Values<'run> = &'run T;

    fn declare(name: &str, outputs: &mut Vec<OutputDef>) {
        <T as Output<{ kind::VALUE }>>::declare(name, outputs);
    }

    fn handles(placed: &mut Placed) -> Out<T> {
        <T as Output<{ kind::VALUE }>>::handles(placed)
    }

    fn produce(self, products: &mut Products) {
        products.say(self.said);
        <T as Output<{ kind::VALUE }>>::produce(self.value, products);
    }

    fn values<'run>(kept: &mut ValuesOf<'run>) -> Result<&'run T, Failure> {
        <T as Output<{ kind::VALUE }>>::values(kept)
    }
}
