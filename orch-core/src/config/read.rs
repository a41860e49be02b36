mod choice;
mod error;
mod text;
mod variable;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, Unexpected, Visitor};
use serde_json::Number;

use self::choice::Choice;
pub use self::error::ReadError;
use self::error::Trouble;
pub(super) use self::text::TextReader;
pub(crate) use self::variable::read_undescribed;
use super::secret::{self, Secret};
use super::{Entry, EnvVars, Node, Origin, Scrubber, Value};
use crate::failure::quietly;

/// Makes a value of a tree. The secrets in it are resolved: from `env`, and from the files that they refer to.
///
/// Whatever serde can describe can be read, as from JSON. What comes from an environment variable or the command line has
/// no type of its own: there a number is a text where a text is wanted, and a text is a number or bool where that is
/// wanted.
///
/// # Errors
/// Of the first thing that cannot be read: where in the tree it is, and where it comes from. A panic of the type's own
/// code is such an error too, of the whole tree.
pub fn read<T: DeserializeOwned>(node: &Node, env: &EnvVars) -> Result<T, ReadError> {
    read_with_secrets(node, env).map(|(value, _)| value)
}

/// As [`read`], with the texts of all secrets that were resolved.
pub(super) fn read_with_secrets<T: DeserializeOwned>(
    node: &Node,
    env: &EnvVars,
) -> Result<(T, Vec<Secret<String>>), ReadError> {
    // What was resolved is known also when the user's code panics: it is caught within.
    let (read, secrets) = secret::resolving(env, || quietly(|| T::deserialize(Reader { node })));
    // The user's own code may have looked at a secret, and said in its error what it saw.
    let scrubber = || Scrubber::new(&secrets);
    match read {
        Ok(Ok(value)) => Ok((value, secrets)),
        Ok(Err(Trouble { path, origin, message })) => Err(ReadError {
            path,
            origin: origin.unwrap_or_else(|| node.origin.clone()),
            message: scrubber().scrub(&message).into_owned(),
        }),
        Err(panic) => {
            let message = format!("what reads it {}", scrubber().error(panic.info()));
            Err(ReadError::new(node.origin.clone(), message))
        }
    }
}

/// Reads one node.
#[derive(Clone, Copy)]
struct Reader<'n> {
    node: &'n Node,
}

impl<'n> Reader<'n> {
    /// What was given as a text, whatever it was meant to be.
    fn is_untyped(self) -> bool {
        matches!(self.node.origin, Origin::Set(_) | Origin::Env { .. })
    }

    fn any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => visit_number(number, visitor),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visit_list(items, visitor),
            Value::Map(entries) => visit_map(entries, visitor),
        }
    }

    fn integer<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.number() {
            Some(number) => match number.as_f64().filter(|_| number.is_f64()).and_then(whole) {
                Some(whole) => visitor.visit_i64(whole),
                None => visit_number(&number, visitor),
            },
            None => self.any(visitor),
        }
    }

    fn float<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.number() {
            Some(number) => visit_number(&number, visitor),
            None => self.any(visitor),
        }
    }

    fn number(self) -> Option<Number> {
        match &self.node.value {
            Value::Number(number) => Some(number.clone()),
            Value::Text(text) if self.is_untyped() => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.node.value {
            Value::Text(text) if self.is_untyped() => match text.trim().parse() {
                Ok(bool) => visitor.visit_bool(bool),
                Err(_) => self.any(visitor),
            },
            _ => self.any(visitor),
        }
    }

    fn text<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.node.value {
            Value::Number(number) if self.is_untyped() => visitor.visit_string(number.to_string()),
            Value::Bool(bool) if self.is_untyped() => visitor.visit_string(bool.to_string()),
            _ => self.any(visitor),
        }
    }

    fn option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn choice<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.node.value {
            Value::Text(name) => visitor.visit_enum(Choice { name, at: &self.node.origin, content: None }),
            Value::Map(entries) => match &entries[..] {
                [Entry { key, at, node, .. }] => {
                    visitor.visit_enum(Choice { name: key, at, content: Some(node) })
                }
                several => Err(de::Error::custom(format_args!(
                    "a choice is a map with exactly one key, but this has {}",
                    several.len()
                ))),
            },
            _ => Err(de::Error::invalid_type(unexpected(self.node), &"a text, or a map with one key")),
        }
    }
}

/// The integer that a float is, if it is one exactly; JSON Schema makes no difference between `3` and `3.0`.
fn whole(float: f64) -> Option<i64> {
    // Beyond 2^53 floats are further apart than integers are.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

fn visit_number<'n, V: Visitor<'n>>(number: &Number, visitor: V) -> Result<V::Value, Trouble> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

fn visit_list<'n, V: Visitor<'n>>(items: &'n [Node], visitor: V) -> Result<V::Value, Trouble> {
    let mut rest = Items { rest: items.iter(), at: 0 };
    let value = visitor.visit_seq(&mut rest)?;
    if rest.rest.len() > 0 {
        return Err(de::Error::custom(format_args!("{} values, expected {}", items.len(), rest.at)));
    }
    Ok(value)
}

fn visit_map<'n, V: Visitor<'n>>(entries: &'n [Entry], visitor: V) -> Result<V::Value, Trouble> {
    let mut rest = Entries { rest: entries.iter(), value: None };
    let value = visitor.visit_map(&mut rest)?;
    if rest.rest.len() > 0 {
        let read = entries.len() - rest.rest.len();
        return Err(de::Error::custom(format_args!("{} keys, expected {read}", entries.len())));
    }
    Ok(value)
}

fn unexpected(node: &Node) -> Unexpected<'_> {
    match &node.value {
        Value::Null => Unexpected::Unit,
        Value::Bool(bool) => Unexpected::Bool(*bool),
        Value::Number(number) => number
            .as_u64()
            .map(Unexpected::Unsigned)
            .or_else(|| number.as_i64().map(Unexpected::Signed))
            .unwrap_or_else(|| Unexpected::Float(number.as_f64().unwrap_or(f64::NAN))),
        Value::Text(text) => Unexpected::Str(text),
        Value::List(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
    }
}

/// Methods of a deserializer that one method of the reader answers.
macro_rules! answered {
    ($($answer:ident: $($method:ident)*;)*) => {
        $($(
            fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
                self.$answer(visitor).map_err(|trouble| trouble.at(&self.node.origin))
            }
        )*)*
    };
}

impl<'n> Deserializer<'n> for Reader<'n> {
    type Error = Trouble;

    answered! {
        any: deserialize_any deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq deserialize_map;
        bool: deserialize_bool;
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
        text: deserialize_str deserialize_string deserialize_char deserialize_identifier;
        option: deserialize_option;
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.choice(visitor).map_err(|trouble| trouble.at(&self.node.origin))
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self).map_err(|trouble| trouble.at(&self.node.origin))
    }

    fn deserialize_unit_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, Trouble> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_unit()
    }
}

/// The items of a list that are still to be read.
struct Items<'n> {
    rest: std::slice::Iter<'n, Node>,
    at: usize,
}

impl<'n> de::SeqAccess<'n> for Items<'n> {
    type Error = Trouble;

    fn next_element_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, Trouble> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(Reader { node }).map(Some).map_err(|trouble| trouble.within_item(at))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The entries of a map that are still to be read, and the one whose key was.
struct Entries<'n> {
    rest: std::slice::Iter<'n, Entry>,
    value: Option<&'n Entry>,
}

impl<'n> de::MapAccess<'n> for Entries<'n> {
    type Error = Trouble;

    fn next_key_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, Trouble> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.value = Some(entry);
        let key = seed.deserialize(TextReader { text: &entry.key });
        key.map(Some).map_err(|trouble: Trouble| trouble.at(&entry.at).within(&entry.key))
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, Trouble> {
        let entry =
            self.value.take().ok_or_else(|| de::Error::custom("a value was asked for before its key"))?;
        seed.deserialize(Reader { node: &entry.node }).map_err(|trouble| trouble.within(&entry.key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
mod tests;
