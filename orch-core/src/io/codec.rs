use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::value::{Data, TypeInfo, Value};

/// How the values of a type are written as bytes and read again: as `MessagePack`, by serde.
///
/// `#[op]` finds out by [`Coded`] whether the type of an output has one. A value that has none lives as long as the
/// process; a run that is resumed makes it anew.
#[derive(Clone, Copy)]
pub struct Codec {
    ty: fn() -> TypeInfo,
    encode: fn(&Value, &mut dyn Write) -> Result<(), EncodeError>,
    decode: fn(&[u8]) -> Result<Value, Failure>,
}

/// Why a value could not be written.
#[derive(Debug)]
pub(crate) enum EncodeError {
    /// Whoever takes the bytes takes no more of them.
    Write(io::Error),
    /// The type's own `Serialize` failed.
    Value(String),
}

impl Codec {
    /// That of `T`.
    #[must_use]
    pub fn of<T: Data + Serialize + DeserializeOwned>() -> Self {
        Self::found::<T>()
    }

    /// That of `T`, which may be a type that borrows; see [`Codec::reads_back`].
    fn found<T: Data + Serialize + Deserialize<'static>>() -> Self {
        Self {
            ty: TypeInfo::of::<T>,
            encode: |value, out| {
                let shared;
                let value = match value.get::<T>() {
                    Some(value) => value,
                    // It may be one that is yet to be assembled of many.
                    None => {
                        let found = value.clone().share::<T>();
                        shared = found.map_err(|failure| EncodeError::Value(failure.to_string()))?;
                        &*shared
                    }
                };
                let mut out = Remembering { out, error: None };
                // Structs as maps, so that a field that was added since, with a default, is no reason to make it anew.
                let written = value.serialize(&mut rmp_serde::Serializer::new(&mut out).with_struct_map());
                match (written, out.error) {
                    (Ok(()), None) => Ok(()),
                    (_, Some(error)) => Err(EncodeError::Write(error)),
                    (Err(error), None) => Err(EncodeError::Value(error.to_string())),
                }
            },
            decode: |bytes| {
                // It lends nothing: the bytes do not live for ever.
                let mut reader = rmp_serde::Deserializer::new(bytes);
                let value = T::deserialize(&mut reader).map_err(|error| error.to_string());
                match (value, reader.get_ref().len()) {
                    (Ok(value), 0) => Ok(Value::new(value)),
                    (Ok(_), rest) => Err(format!("{rest} bytes follow its end")),
                    (Err(error), _) => Err(error),
                }
                .map_err(|error| {
                    Failure::new(format!("what is stored is no `{}`: {error}", TypeInfo::of::<T>().name()))
                })
            },
        }
    }

    /// The type.
    #[must_use]
    pub fn ty(&self) -> TypeInfo {
        (self.ty)()
    }

    /// Whether what was written can be read, which is not so where the type borrows.
    ///
    /// The compiler cannot be asked: it decides without looking at lifetimes which constant of [`Coded`] applies, and
    /// would then refuse an op that returns `&'static str` under another name. So it is asked of the type's name.
    pub(crate) fn reads_back(&self) -> bool {
        !self.ty().path().contains(['&', '\''])
    }

    pub(crate) fn encode(&self, value: &Value, out: &mut dyn Write) -> Result<(), EncodeError> {
        (self.encode)(value, out)
    }

    /// Reads a value back.
    ///
    /// # Errors
    /// If the bytes are not those of such a value.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Value, Failure> {
        (self.decode)(bytes)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec({})", self.ty().name())
    }
}

/// Keeps the error of writing, which a serializer tells as a text.
struct Remembering<'a> {
    out: &'a mut dyn Write,
    error: Option<io::Error>,
}

impl Write for Remembering<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let told = io::Error::from(error.kind());
            self.error = Some(error);
            told
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Finds out whether the values of an output of type `T` can be written; of a dynamic or optional output, those in it.
///
/// As with [`Fed`](crate::define::Fed), the constant is there for every type: an inherent one where serde can write and
/// read it, else that of [`DefaultCoded`], `None`.
///
/// ```
/// use orch_core::io::{Coded, DefaultCoded as _};
///
/// assert!(Coded::<Vec<String>>::CODEC.is_some());
/// assert!(Coded::<std::sync::Arc<std::fs::File>>::CODEC.is_none());
/// ```
pub struct Coded<T: ?Sized>(PhantomData<fn() -> T>);

// `Deserialize<'static>` and not `DeserializeOwned`, which would have the compiler look at lifetimes when it is too late.
impl<T: Data + Serialize + Deserialize<'static>> Coded<T> {
    /// How they are written.
    pub const CODEC: Option<fn() -> Codec> = Some(Codec::found::<T>);
}

impl<T: ?Sized> fmt::Debug for Coded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Coded")
    }
}

/// The answer of [`Coded`] where its inherent constants do not apply.
#[doc(hidden)]
pub trait DefaultCoded {
    #[doc(hidden)]
    const CODEC: Option<fn() -> Codec> = None;
}

impl<T: ?Sized> DefaultCoded for Coded<T> {}

#[cfg(test)]
mod tests;
