use super::{Node, Value};

/// A map that stands for a value that is elsewhere: `{env: NAME}`, and for secrets `{file: PATH}` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// The value of an environment variable.
    Env(&'a str),
    /// What a file holds.
    File(&'a str),
}

impl<'a> Reference<'a> {
    /// What a value refers to, if it has the form of a reference.
    pub(super) fn of(node: &'a Node) -> Option<Self> {
        let Value::Map(entries) = &node.value else { return None };
        let [entry] = entries.as_slice() else { return None };
        match (&*entry.key, &entry.node.value) {
            ("env", Value::Text(name)) => Some(Self::Env(name)),
            ("file", Value::Text(path)) => Some(Self::File(path)),
            _ => None,
        }
    }
}
