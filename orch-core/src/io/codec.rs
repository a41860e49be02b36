mod checked;
mod scan;

use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::checked::Checked;
use crate::failure::Failure;
use crate::value::{Data, TypeInfo, Value};

/// How the values of a type are written as bytes and read again: as `MessagePack`, by serde.
///
/// `#[op]` finds out by [`Coded`] whether the type of an output has one: it does if it is `Serialize` and `Deserialize`. A
/// value that has none lives as long as the process; a run that is resumed makes it anew, and the plan says so
/// beforehand: [`Plan::memory_only`](crate::plan::Plan::memory_only). What an [`IoManager`](super::IoManager) stores needs
/// no codec.
///
/// # What is written
///
/// Whatever the type's `Serialize` gives, in the form for people where it has two: an address as a text. Structs are
/// maps by the names of their fields, so that fields may be added with `#[serde(default)]`, left out and put in another
/// order between a run and its resumption. All forms of enums are written, flattened fields, keys of any type, numbers
/// up to 128 bits and floats bit by bit. Bytes are a list of numbers, as serde has it, unless the type says otherwise.
///
/// # What is not
///
/// - A type that borrows, `&'static str` or one with a lifetime, has no codec: what is read owns its data. A struct
///   that hides such a field, which serde can read from what lives for ever alone, is written and cannot be read.
/// - `Some` of what is nothing by itself is refused when it is written, with an error: `Some(None)`, `Some(())`, and
///   `Some` of a unit variant without a tag. `MessagePack` has one word for them and for `None`, and would read that.
/// - What is nested more than 200 levels deep is refused, since a chain of 100,000 links would exhaust the stack.
/// - What `Serialize` leaves out, such as fields with `#[serde(skip)]`, is not there when the value is read.
///
/// # What is read
///
/// The bytes of one value, whole and alone. What is cut off, goes on behind its end, has no such type or says to be
/// larger than it is, is a failure that names the type, and takes no memory for what is not there.
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
                // For people, since serde reads what is tagged or flattened by way of a copy that knows only that form.
                let mut to = rmp_serde::Serializer::new(&mut out).with_struct_map().with_human_readable();
                let written = Checked::new(value).serialize(&mut to);
                match (written, out.error) {
                    (Ok(()), None) => Ok(()),
                    (_, Some(error)) => Err(EncodeError::Write(error)),
                    (Err(error), None) => Err(EncodeError::Value(error.to_string())),
                }
            },
            decode: |bytes| {
                let read = scan::scan(bytes).and_then(|()| {
                    // It lends nothing: the bytes do not live for ever.
                    let mut from = rmp_serde::Deserializer::new(bytes).with_human_readable();
                    let value = T::deserialize(&mut from).map_err(|error| error.to_string())?;
                    match from.get_ref().len() {
                        0 => Ok(Value::new(value)),
                        more => Err(format!("its last {more} bytes are not of it")),
                    }
                });
                read.map_err(|error| {
                    let ty = TypeInfo::of::<T>().name();
                    Failure::new(format!("what is stored is no `{ty}`: {error}"))
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
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes).map_err(|error| {
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
