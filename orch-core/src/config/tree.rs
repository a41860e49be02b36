use std::fmt;
use std::sync::Arc;

use super::Origin;

/// A value of configuration, with the place that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// What a value of configuration can be, as in JSON.
///
/// `Debug` shows names and shape: texts and numbers may be secrets that were written down. [`show`](super::show) shows all.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// A list of values.
    List(Vec<Node>),
    /// Values by name, in the order in which they were given.
    Map(Vec<Entry>),
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub key: Arc<str>,
    /// Where the name stands.
    pub at: Origin,
    /// The value.
    pub node: Node,
    /// How late it was given, as trees were laid one over another. Of names that exclude each other the latest goes first.
    pub(super) layer: usize,
}

impl Entry {
    /// A value with its name, which stands at `at`.
    #[must_use]
    pub fn new(key: impl Into<Arc<str>>, at: Origin, node: Node) -> Self {
        Self { key: key.into(), at, node, layer: 0 }
    }
}

impl Node {
    /// How many values this is, with all that are in it.
    pub(super) fn count(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.node.count()).sum::<usize>(),
            _ => 1,
        }
    }

    /// The values alone, as JSON: secrets are the references that stand for them.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => {
                let field = |entry: &Entry| (entry.key.to_string(), entry.node.to_json());
                Json::Object(entries.iter().map(field).collect())
            }
        }
    }

    /// A value of JSON, all of which comes from one origin.
    #[must_use]
    pub fn of_json(json: &serde_json::Value, origin: &Origin) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(|item| Self::of_json(item, origin)).collect()),
            Json::Object(fields) => Value::Map(
                fields
                    .iter()
                    .map(|(key, value)| {
                        let node = Self::of_json(value, origin);
                        Entry::new(key.as_str(), origin.clone(), node)
                    })
                    .collect(),
            ),
        };
        Self { value, origin: origin.clone() }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(bool) => f.debug_tuple("Bool").field(bool).finish(),
            Self::Number(_) => f.write_str("Number(..)"),
            Self::Text(_) => f.write_str("Text(..)"),
            Self::List(items) => f.debug_tuple("List").field(items).finish(),
            Self::Map(entries) => f.debug_tuple("Map").field(entries).finish(),
        }
    }
}
