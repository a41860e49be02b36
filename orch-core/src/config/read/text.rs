use std::str::FromStr;

use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, IntoDeserializer as _, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Trouble;

/// Reads what is a text and nothing else, and so is whatever it can be read as: the key of a map, a secret.
#[derive(Clone, Copy)]
pub(in crate::config) struct TextReader<'t> {
    pub(in crate::config) text: &'t str,
}

impl<'t> TextReader<'t> {
    /// Visited as a text, if it cannot be parsed: the visitor then says what it expected.
    fn parsed<P: FromStr, V: Visitor<'t>>(
        self,
        visitor: V,
        visit: impl FnOnce(V, P) -> Result<V::Value, Trouble>,
    ) -> Result<V::Value, Trouble> {
        match self.text.trim().parse() {
            Ok(parsed) => visit(visitor, parsed),
            Err(_) => visitor.visit_borrowed_str(self.text),
        }
    }
}

macro_rules! parsed {
    ($($method:ident: $T:ty, $visit:ident;)*) => {
        $(
            fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Trouble> {
                self.parsed(visitor, |visitor, parsed: $T| visitor.$visit(parsed))
            }
        )*
    };
}

impl<'t> Deserializer<'t> for TextReader<'t> {
    type Error = Trouble;

    parsed! {
        deserialize_bool: bool, visit_bool;
        deserialize_i8: i64, visit_i64;
        deserialize_i16: i64, visit_i64;
        deserialize_i32: i64, visit_i64;
        deserialize_i64: i64, visit_i64;
        deserialize_i128: i128, visit_i128;
        deserialize_u8: u64, visit_u64;
        deserialize_u16: u64, visit_u64;
        deserialize_u32: u64, visit_u64;
        deserialize_u64: u64, visit_u64;
        deserialize_u128: u128, visit_u128;
        deserialize_f32: f64, visit_f64;
        deserialize_f64: f64, visit_f64;
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let name: StrDeserializer<'_, Trouble> = self.text.into_deserializer();
        visitor.visit_enum(name)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>> char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
