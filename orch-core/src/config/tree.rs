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
#[derive(Clone, Debug, PartialEq)]
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
}
