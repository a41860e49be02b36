use serde::de::{self, DeserializeSeed, Deserializer as _, Visitor};

use super::error::Trouble;
use super::{Reader, TextReader, unexpected};
use crate::config::{Node, Origin, Value};

/// A variant of an enum, and what it contains.
pub(super) struct Choice<'n> {
    pub(super) name: &'n str,
    /// Where the name stands.
    pub(super) at: &'n Origin,
    pub(super) content: Option<&'n Node>,
}

impl<'n> Choice<'n> {
    /// What the variant contains, to be read by `read`; a name alone contains nothing.
    fn content<T>(
        self,
        expected: &str,
        read: impl FnOnce(Reader<'n>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        match self.content {
            Some(node) => read(Reader { node }).map_err(|trouble| trouble.within(self.name)),
            None => Err(de::Error::custom(format_args!(
                "`{0}` needs {expected}: write it as a map, `{{{0}: ..}}`",
                self.name
            ))),
        }
    }
}

impl<'n> de::EnumAccess<'n> for Choice<'n> {
    type Error = Trouble;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<(S::Value, Self), Trouble> {
        let variant = seed.deserialize(TextReader { text: self.name });
        Ok((variant.map_err(|trouble: Trouble| trouble.at(self.at))?, self))
    }
}

impl<'n> de::VariantAccess<'n> for Choice<'n> {
    type Error = Trouble;

    fn unit_variant(self) -> Result<(), Trouble> {
        match self.content {
            None | Some(Node { value: Value::Null, .. }) => Ok(()),
            Some(node) => {
                let trouble = <Trouble as de::Error>::invalid_type(unexpected(node), &"the name alone");
                Err(trouble.at(&node.origin).within(self.name))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<S::Value, Trouble> {
        self.content("a value", |reader| seed.deserialize(reader))
    }

    fn tuple_variant<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, Trouble> {
        self.content("a list", |reader| reader.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'n>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.content("fields", |reader| reader.deserialize_map(visitor))
    }
}
