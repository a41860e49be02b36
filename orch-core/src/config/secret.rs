mod reference;
mod resolve;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret as _, SecretBox};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{self, Serialize, SerializeMap as _, Serializer};

use self::reference::Reference;
pub(super) use self::resolve::resolving;

/// A part of a configuration that nobody gets to see: a password, a key.
///
/// Configuration does not contain it but refers to it, `{env: DB_PASSWORD}` or `{file: secrets/db}`, and that reference is
/// all that is stored, shown and serialised. It is resolved when the configuration is read for a run; of a file the last
/// line end is left out, and a path that does not begin at the root begins where the program was started. A secret that
/// is not text is parsed: `Secret<u32>` takes the text `5432`.
///
/// The value is there for who asks for it by [`expose`](Self::expose), and is wiped from memory with its last clone. Other
/// copies are not: that of the environment, and those that a [`Scrubber`](super::Scrubber) looks for as long as there is one.
///
/// ```
/// use orch_core::config::Secret;
///
/// let password = Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// assert_eq!(password.expose(), "hunter2");
/// ```
pub struct Secret<T: Zeroize> {
    value: Arc<SecretBox<T>>,
    /// Where it was found; nowhere if it was made in code.
    found: Option<Reference>,
}

impl<T: Zeroize> Secret<T> {
    /// A secret made in code, for a test that calls an op's function; there is no reference to it that could be written
    /// down.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { value: Arc::new(SecretBox::new(Box::new(value))), found: None }
    }

    /// The secret itself. What is done with it is in the hands of who asks for it.
    #[must_use]
    pub fn expose(&self) -> &T {
        self.value.expose_secret()
    }
}

/// The same secret: it is in memory once.
impl<T: Zeroize> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), found: self.found.clone() }
    }
}

/// The reference alone: `Secret(env DB_PASSWORD)`.
impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(reference) => write!(f, "Secret({} {})", reference.kind.word(), reference.name),
            None => f.write_str("Secret(..)"),
        }
    }
}

/// The reference alone: `{"env": "DB_PASSWORD"}`.
impl<T: Zeroize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(reference) = &self.found else {
            return Err(ser::Error::custom("a secret that was made in code cannot be written down"));
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(reference.kind.word(), &reference.name)?;
        map.end()
    }
}

/// Only as a part of configuration that is being read, by [`read`](super::read) or
/// [`ConfigDef::read`](super::ConfigDef::read).
impl<'de, T: Zeroize + DeserializeOwned + 'static> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !resolve::is_resolving() {
            return Err(de::Error::custom(
                "a secret comes from configuration: nothing else knows where its reference leads",
            ));
        }
        let reference = Reference::deserialize(deserializer)?;
        let value = resolve::resolve(&reference).map_err(de::Error::custom)?;
        Ok(Self { value: Arc::new(SecretBox::new(Box::new(value))), found: Some(reference) })
    }
}

/// The schema of the reference, with a word that tells validators what it is.
impl<T: Zeroize> JsonSchema for Secret<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-orch-secret": true,
            "type": "object",
            "properties": { "env": { "type": "string" }, "file": { "type": "string" } },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "writeOnly": true,
        })
    }
}

#[cfg(test)]
mod tests;
