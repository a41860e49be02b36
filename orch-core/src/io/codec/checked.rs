//! Refuses while it is written what could not be read as it was.

use std::fmt::Display;

use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

/// How deeply a value may be nested. A list whose elements hold the next one would else exhaust the thread's memory, be
/// it now or when it is read, and with that end the process.
pub(super) const DEEPEST: u16 = 200;

/// A value that is written as ever, but for two things that are errors: `MessagePack` has one word for `None` and for what
/// is nothing by itself, so that a `Some` of that would be read as `None`; and what is nested too deeply.
pub(super) struct Checked<'a, T: ?Sized> {
    value: &'a T,
    within: Within,
}

impl<'a, T: ?Sized> Checked<'a, T> {
    /// The whole value.
    pub(super) fn new(value: &'a T) -> Self {
        Self { value, within: Within { depth: 0, some: false } }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Checking { to: serializer, within: self.within })
    }
}

/// What is around a value.
#[derive(Clone, Copy)]
struct Within {
    depth: u16,
    /// Whether it is what a `Some` holds.
    some: bool,
}

impl Within {
    /// Around the parts of the value.
    fn deeper<E: serde::ser::Error>(self) -> Result<Self, E> {
        match self.depth {
            DEEPEST => Err(E::custom(format!("it is nested more than {DEEPEST} levels deep"))),
            depth => Ok(Self { depth: depth + 1, some: false }),
        }
    }
}

/// The serializer of a checked value, and of its parts what takes them.
struct Checking<S> {
    to: S,
    within: Within,
}

impl<S: Serializer> Checking<S> {
    fn parts<P>(self, begin: impl FnOnce(S) -> Result<P, S::Error>) -> Result<Checking<P>, S::Error> {
        let within = self.within.deeper()?;
        Ok(Checking { to: begin(self.to)?, within })
    }

    fn nothing(self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) -> Result<S::Ok, S::Error> {
        if self.within.some {
            return Err(S::Error::custom(
                "a `Some` of what is nothing by itself, such as `Some(None)` or `Some(())`, would be read as `None`",
            ));
        }
        write(self.to)
    }
}

macro_rules! as_ever {
    ($($method:ident($($name:ident: $T:ty),+))*) => {
        $(fn $method(self, $($name: $T),+) -> Result<S::Ok, S::Error> {
            self.to.$method($($name),+)
        })*
    };
}

macro_rules! parts {
    ($($method:ident($($name:ident: $T:ty),+) -> $Parts:ident)*) => {
        $(fn $method(self, $($name: $T),+) -> Result<Self::$Parts, S::Error> {
            self.parts(|to| to.$method($($name),+))
        })*
    };
}

impl<S: Serializer> Serializer for Checking<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Checking<S::SerializeSeq>;
    type SerializeTuple = Checking<S::SerializeTuple>;
    type SerializeTupleStruct = Checking<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Checking<S::SerializeTupleVariant>;
    type SerializeMap = Checking<S::SerializeMap>;
    type SerializeStruct = Checking<S::SerializeStruct>;
    type SerializeStructVariant = Checking<S::SerializeStructVariant>;

    as_ever! {
        serialize_bool(value: bool) serialize_char(value: char)
        serialize_i8(value: i8) serialize_i16(value: i16) serialize_i32(value: i32) serialize_i64(value: i64)
        serialize_u8(value: u8) serialize_u16(value: u16) serialize_u32(value: u32) serialize_u64(value: u64)
        serialize_i128(value: i128) serialize_u128(value: u128)
        serialize_f32(value: f32) serialize_f64(value: f64)
        serialize_str(value: &str) serialize_bytes(value: &[u8])
        // Written as an empty list, and so not as nothing.
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    parts! {
        serialize_seq(len: Option<usize>) -> SerializeSeq
        serialize_tuple(len: usize) -> SerializeTuple
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant
        serialize_map(len: Option<usize>) -> SerializeMap
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.nothing(S::serialize_none)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.nothing(S::serialize_unit)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let within = Within { some: true, ..self.within.deeper()? };
        self.to.serialize_some(&Checked { value, within })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        // Written as what is in it.
        let within = Within { some: self.within.some, ..self.within.deeper()? };
        self.to.serialize_newtype_struct(name, &Checked { value, within })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let within = self.within.deeper()?;
        self.to.serialize_newtype_variant(name, index, variant, &Checked { value, within })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.to.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.to.is_human_readable()
    }
}

macro_rules! elements {
    ($($Parts:ident: $method:ident($($key:ident: $K:ty)?);)*) => {
        $(impl<P: $Parts> $Parts for Checking<P> {
            type Ok = P::Ok;
            type Error = P::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($key: $K,)? value: &T) -> Result<(), P::Error> {
                self.to.$method($($key,)? &Checked { value, within: self.within })
            }

            fn end(self) -> Result<P::Ok, P::Error> {
                self.to.end()
            }
        })*
    };
}

elements! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(key: &'static str);
    SerializeStructVariant: serialize_field(key: &'static str);
}

impl<P: SerializeMap> SerializeMap for Checking<P> {
    type Ok = P::Ok;
    type Error = P::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), P::Error> {
        self.to.serialize_key(&Checked { value: key, within: self.within })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), P::Error> {
        self.to.serialize_value(&Checked { value, within: self.within })
    }

    fn end(self) -> Result<P::Ok, P::Error> {
        self.to.end()
    }
}
