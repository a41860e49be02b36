mod compound;

use std::fmt;
use std::sync::Arc;

use serde::ser::{self, Serialize, Serializer};
use serde_json::Number;

use self::compound::{ListWriter, MapWriter};
use super::{ConfigPath, ConfigStep, Entry, Node, Origin, Value};
use crate::failure::quietly;

/// Makes a tree of a value, all of it with one origin.
///
/// Whatever serde can describe can be written, as to JSON; and [`read`](super::read) makes the same value of it.
///
/// # Errors
/// If the value has a part that a tree cannot hold: a secret that was made in code, a number that is infinite or beyond
/// 64 bits, a key that is no text. A panic of the type's own code is an error too.
pub fn write<T: Serialize + ?Sized>(value: &T, origin: &Origin) -> Result<Node, WriteError> {
    // What writes it is code of the user's.
    quietly(|| value.serialize(Writer { origin }))
        .unwrap_or_else(|panic| Err(WriteError::new(format!("what writes it {}", panic.info()))))
}

/// Why a value cannot be written as a tree.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteError {
    /// The place inside the value, `pages[2].size`; the root if it is the whole.
    pub path: ConfigPath,
    /// What is wrong with it.
    pub message: String,
}

impl WriteError {
    fn new(message: impl Into<String>) -> Self {
        Self { path: ConfigPath::root(), message: message.into() }
    }

    fn within(mut self, key: &str) -> Self {
        self.path.put_before(ConfigStep::Key(key.into()));
        self
    }

    fn within_item(mut self, at: usize) -> Self {
        self.path.put_before(ConfigStep::Index(at));
        self
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for WriteError {}

impl ser::Error for WriteError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// Writes one node.
#[derive(Clone, Copy)]
struct Writer<'o> {
    origin: &'o Origin,
}

impl Writer<'_> {
    fn node(self, value: Value) -> Node {
        Node { value, origin: self.origin.clone() }
    }

    fn entry(self, key: &str, node: Node) -> Entry {
        Entry::new(key, self.origin.clone(), node)
    }

    /// `{variant: content}`
    fn variant(self, variant: &str, content: Node) -> Node {
        self.node(Value::Map(vec![self.entry(variant, content)]))
    }

    fn number(self, number: impl Into<Number>) -> Node {
        self.node(Value::Number(number.into()))
    }

    fn float(self, float: f64) -> Result<Node, WriteError> {
        let number = Number::from_f64(float)
            .ok_or_else(|| WriteError::new(format!("{float} is no number that configuration can hold")))?;
        Ok(self.number(number))
    }

    /// The key of an entry: what is a text once it is written, and what has but one form as a text.
    fn key<T: Serialize + ?Sized>(self, key: &T) -> Result<Arc<str>, WriteError> {
        match key.serialize(self)?.value {
            Value::Text(text) => Ok(text.into()),
            Value::Number(number) => Ok(number.to_string().into()),
            Value::Bool(bool) => Ok(bool.to_string().into()),
            Value::Null | Value::List(_) | Value::Map(_) => {
                Err(WriteError::new("a key must be a text, a number or a bool"))
            }
        }
    }
}

macro_rules! numbers {
    ($($method:ident: $T:ty),*) => {
        $(
            fn $method(self, number: $T) -> Result<Node, WriteError> {
                Ok(self.number(number))
            }
        )*
    };
}

impl<'o> Serializer for Writer<'o> {
    type Ok = Node;
    type Error = WriteError;
    type SerializeSeq = ListWriter<'o>;
    type SerializeTuple = ListWriter<'o>;
    type SerializeTupleStruct = ListWriter<'o>;
    type SerializeTupleVariant = ListWriter<'o>;
    type SerializeMap = MapWriter<'o>;
    type SerializeStruct = MapWriter<'o>;
    type SerializeStructVariant = MapWriter<'o>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_i128(self, number: i128) -> Result<Node, WriteError> {
        match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => Ok(self.number(number)),
            (_, Ok(number)) => Ok(self.number(number)),
            _ => Err(WriteError::new(format!("{number} has more than 64 bits"))),
        }
    }

    fn serialize_u128(self, number: u128) -> Result<Node, WriteError> {
        let number =
            u64::try_from(number).map_err(|_| WriteError::new(format!("{number} has more than 64 bits")))?;
        Ok(self.number(number))
    }

    fn serialize_f32(self, float: f32) -> Result<Node, WriteError> {
        // As its author wrote it: `0.1`, which as an `f64` would be 0.10000000149011612.
        let shortest = float.to_string().parse().ok();
        #[expect(clippy::cast_possible_truncation, reason = "whether it is the same number is the question")]
        let same = shortest.filter(|shortest: &f64| *shortest as f32 == float);
        self.float(same.unwrap_or_else(|| float.into()))
    }

    fn serialize_f64(self, float: f64) -> Result<Node, WriteError> {
        self.float(float)
    }

    fn serialize_bool(self, bool: bool) -> Result<Node, WriteError> {
        Ok(self.node(Value::Bool(bool)))
    }

    fn serialize_char(self, char: char) -> Result<Node, WriteError> {
        Ok(self.node(Value::Text(char.into())))
    }

    fn serialize_str(self, text: &str) -> Result<Node, WriteError> {
        Ok(self.node(Value::Text(text.to_owned())))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Node, WriteError> {
        bytes.serialize(self)
    }

    fn serialize_none(self) -> Result<Node, WriteError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, WriteError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Node, WriteError> {
        Ok(self.node(Value::Null))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, WriteError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Node, WriteError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Node, WriteError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, WriteError> {
        let content = value.serialize(self).map_err(|error| error.within(variant))?;
        Ok(self.variant(variant, content))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListWriter<'o>, WriteError> {
        Ok(ListWriter::new(self, len, None))
    }

    fn serialize_tuple(self, len: usize) -> Result<ListWriter<'o>, WriteError> {
        Ok(ListWriter::new(self, Some(len), None))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ListWriter<'o>, WriteError> {
        Ok(ListWriter::new(self, Some(len), None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListWriter<'o>, WriteError> {
        Ok(ListWriter::new(self, Some(len), Some(variant)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<MapWriter<'o>, WriteError> {
        Ok(MapWriter::new(self, len, None))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<MapWriter<'o>, WriteError> {
        Ok(MapWriter::new(self, Some(len), None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<MapWriter<'o>, WriteError> {
        Ok(MapWriter::new(self, Some(len), Some(variant)))
    }
}

#[cfg(test)]
mod tests;
