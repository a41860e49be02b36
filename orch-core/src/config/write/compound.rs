use std::sync::Arc;

use serde::Serialize;
use serde::ser;

use super::{WriteError, Writer};
use crate::config::{Entry, Node, Value};

/// Writes a list, item by item.
pub(super) struct ListWriter<'o> {
    writer: Writer<'o>,
    items: Vec<Node>,
    /// The variant of an enum that contains the list.
    variant: Option<&'static str>,
}

/// Writes a map, entry by entry.
pub(super) struct MapWriter<'o> {
    writer: Writer<'o>,
    entries: Vec<Entry>,
    /// Of the entry whose value comes next.
    key: Option<Arc<str>>,
    /// The variant of an enum that contains the map.
    variant: Option<&'static str>,
}

/// Lengths are hints, and a wrong one must not claim the memory.
const TRUSTED: usize = 1024;

impl<'o> ListWriter<'o> {
    pub(super) fn new(writer: Writer<'o>, len: Option<usize>, variant: Option<&'static str>) -> Self {
        Self { writer, items: Vec::with_capacity(len.unwrap_or(0).min(TRUSTED)), variant }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        let node = value.serialize(self.writer).map_err(|error| {
            let error = error.within_item(self.items.len());
            match self.variant {
                Some(variant) => error.within(variant),
                None => error,
            }
        })?;
        self.items.push(node);
        Ok(())
    }

    fn finish(self) -> Node {
        let list = self.writer.node(Value::List(self.items));
        match self.variant {
            Some(variant) => self.writer.variant(variant, list),
            None => list,
        }
    }
}

impl<'o> MapWriter<'o> {
    pub(super) fn new(writer: Writer<'o>, len: Option<usize>, variant: Option<&'static str>) -> Self {
        let entries = Vec::with_capacity(len.unwrap_or(0).min(TRUSTED));
        Self { writer, entries, key: None, variant }
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), WriteError> {
        let node = value.serialize(self.writer).map_err(|error| {
            let error = error.within(key);
            match self.variant {
                Some(variant) => error.within(variant),
                None => error,
            }
        })?;
        self.entries.push(self.writer.entry(key, node));
        Ok(())
    }

    fn finish(self) -> Node {
        let map = self.writer.node(Value::Map(self.entries));
        match self.variant {
            Some(variant) => self.writer.variant(variant, map),
            None => map,
        }
    }
}

/// The traits of serde's that tell the kinds of lists apart, which all are written alike.
macro_rules! lists {
    ($($Trait:ident $method:ident),*) => {
        $(
            impl ser::$Trait for ListWriter<'_> {
                type Ok = Node;
                type Error = WriteError;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
                    self.item(value)
                }

                fn end(self) -> Result<Node, WriteError> {
                    Ok(self.finish())
                }
            }
        )*
    };
}

lists! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
}

/// As for lists, of what has fields.
macro_rules! structs {
    ($($Trait:ident),*) => {
        $(
            impl ser::$Trait for MapWriter<'_> {
                type Ok = Node;
                type Error = WriteError;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    key: &'static str,
                    value: &T,
                ) -> Result<(), WriteError> {
                    self.field(key, value)
                }

                fn end(self) -> Result<Node, WriteError> {
                    Ok(self.finish())
                }
            }
        )*
    };
}

structs! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for MapWriter<'_> {
    type Ok = Node;
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), WriteError> {
        self.key = Some(self.writer.key(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        let key = self.key.take().ok_or_else(|| WriteError::new("a value was written before its key"))?;
        self.field(&key, value)
    }

    fn end(self) -> Result<Node, WriteError> {
        Ok(self.finish())
    }
}
