use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// Where a secret is: what configuration contains in its place.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) kind: Kind,
    /// Of the variable, or the path of the file.
    pub(super) name: Arc<str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Env,
    File,
}

impl Kind {
    /// The key under which it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::File => "file",
        }
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a map, a deserializer that has something else would say what it has, and that might be the secret.
        deserializer.deserialize_any(ReferenceVisitor)
    }
}

struct ReferenceVisitor;

/// Whatever stands in the place of a reference is perhaps the secret itself, and so is not told.
macro_rules! untold {
    ($($visit:ident: $T:ty),*) => {
        $(
            fn $visit<E: de::Error>(self, _: $T) -> Result<Reference, E> {
                Err(E::custom(NOT_WRITTEN_DOWN))
            }
        )*
    };
}

const NOT_WRITTEN_DOWN: &str = "a secret is not written down: refer to it, `{env: NAME}` or `{file: PATH}`";

impl<'de> Visitor<'de> for ReferenceVisitor {
    type Value = Reference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference to a secret, `{env: NAME}` or `{file: PATH}`")
    }

    untold! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64,
        visit_char: char, visit_str: &str, visit_bytes: &[u8]
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
        let wrong = || de::Error::custom("a secret is referred to as `{env: NAME}` or as `{file: PATH}`");
        let kind = match map.next_key::<String>()?.as_deref() {
            Some("env") => Kind::Env,
            Some("file") => Kind::File,
            _ => return Err(wrong()),
        };
        let name = map.next_value::<String>()?.into();
        match map.next_key::<String>()? {
            None => Ok(Reference { kind, name }),
            Some(_) => Err(wrong()),
        }
    }
}
