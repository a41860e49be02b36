use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The key of one item of a dynamic output: `100` in `load[100]`.
///
/// A key is any text. Integers are kept as integers, since most fan-outs are keyed by a position and then need no
/// allocation; `MappingKey::from(7)` and `MappingKey::from("7")` are the same key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct MappingKey(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Int(u64),
    Text(Arc<str>),
}

impl MappingKey {
    /// The key as an integer, where it is one in plain decimal form.
    #[must_use]
    pub const fn as_index(&self) -> Option<u64> {
        match &self.0 {
            Repr::Int(index) => Some(*index),
            Repr::Text(_) => None,
        }
    }
}

impl fmt::Display for MappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(index) => index.fmt(f),
            Repr::Text(text) => text.fmt(f),
        }
    }
}

impl From<u64> for MappingKey {
    fn from(index: u64) -> Self {
        Self(Repr::Int(index))
    }
}

impl From<&str> for MappingKey {
    fn from(text: &str) -> Self {
        // One key has one representation, else `7` and `"7"` would be two keys with the same face.
        let plain = text == "0" || !text.starts_with(['0', '+']);
        match text.parse::<u64>() {
            Ok(index) if plain => Self(Repr::Int(index)),
            _ => Self(Repr::Text(text.into())),
        }
    }
}

impl From<String> for MappingKey {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<MappingKey> for String {
    fn from(key: MappingKey) -> Self {
        key.to_string()
    }
}

/// What may serve as a mapping key: integers, text, and characters.
///
/// Other types are turned into text by their author: `(date.to_string(), rows)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a mapping key",
    label = "a key is an integer or text",
    note = "turn it into text: `key.to_string()`"
)]
pub trait IntoKey {
    /// The key.
    fn into_key(self) -> MappingKey;
}

macro_rules! integer_keys {
    ($($integer:ty),*) => {$(
        impl IntoKey for $integer {
            fn into_key(self) -> MappingKey {
                match u64::try_from(self) {
                    Ok(index) => MappingKey::from(index),
                    Err(_) => MappingKey(Repr::Text(self.to_string().into())),
                }
            }
        }
    )*};
}
integer_keys!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

macro_rules! text_keys {
    ($($text:ty),*) => {$(
        impl IntoKey for $text {
            fn into_key(self) -> MappingKey {
                MappingKey::from(AsRef::<str>::as_ref(&self))
            }
        }
    )*};
}
text_keys!(&str, String, &String, Box<str>, Arc<str>, std::borrow::Cow<'_, str>);

impl IntoKey for char {
    fn into_key(self) -> MappingKey {
        MappingKey::from(self.encode_utf8(&mut [0; 4]) as &str)
    }
}

impl IntoKey for MappingKey {
    fn into_key(self) -> MappingKey {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_one_representation() {
        assert_eq!(7_u32.into_key(), "7".into_key());
        for other in ["07", "+7", "00", "-0", " 7"] {
            assert_ne!(other.into_key(), 7_u8.into_key());
            assert_ne!(other.into_key(), 0_u8.into_key());
        }
        assert_eq!("0".into_key(), 0_u8.into_key());
        assert_eq!(u64::MAX.to_string().into_key(), u64::MAX.into_key());
        assert_eq!((-3_i64).into_key().to_string(), "-3");
        assert_eq!("ß/..\n".into_key().to_string(), "ß/..\n");
        assert_eq!('7'.into_key(), 7_u8.into_key());
    }
}
