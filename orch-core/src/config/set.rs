use std::sync::Arc;

use super::file::{DEPTH, flow};
use super::{
    ConfigError, ConfigPath, ConfigProblem, ConfigProblemKind as Kind, Entry, Node, Origin, Value, scalar,
};

impl Node {
    /// What `--set` says: `ops.load.config.batch=50` as maps in maps.
    ///
    /// The path is names with dots between them, a name with other characters in quotes: `tags."a.b"=x`. The value is a
    /// list or a map if it is written as one (`[1, 2]`, `{env: HOME}` or `{env:HOME}`), a text without its quotes if it has some, else what
    /// it is in YAML: a number, `true`, `false`, `null` or a text, which needs no quotes even if it has colons or hashes in
    /// it. Where a text is expected, what looks like a number is the text that was written. After `=` may be nothing: an
    /// empty text.
    ///
    /// # Errors
    /// If there is no `=`, a name is missing or its quotes are not closed, an item of a list is addressed, or a list or a
    /// map is not closed.
    ///
    /// ```
    /// use orch_core::config::{Node, Value};
    ///
    /// let node = Node::from_set("ops.load.config.batch=50")?;
    /// let Value::Map(entries) = &node.value else { unreachable!() };
    /// assert_eq!(&*entries[0].key, "ops");
    /// assert!(Node::from_set("ops.load").is_err());
    /// # Ok::<(), orch_core::config::ConfigError>(())
    /// ```
    pub fn from_set(text: &str) -> Result<Self, ConfigError> {
        let (path, value) = split(text).map_err(|Wrong { column, what, hint }| {
            // What follows the path may be a secret.
            let given = format!("--set {}", name_of(text));
            let message = format!("`{}` {what} at column {column}", given.trim_end());
            ConfigError::from(ConfigProblem::new(Kind::Syntax, ConfigPath::root(), message).hint(hint))
        })?;
        let origin = Origin::Set(text.into());
        let mut node = Self { value: read(text, value, &path, &origin)?, origin: origin.clone() };
        for key in path.into_iter().rev() {
            let entry = Entry::new(key, origin.clone(), node);
            node = Self { value: Value::Map(vec![entry]), origin: origin.clone() };
        }
        Ok(node)
    }
}

/// The value that stands after the `=`.
fn read(text: &str, value: &str, path: &[String], origin: &Origin) -> Result<Value, ConfigError> {
    let plain = value.trim();
    match plain.chars().next() {
        None => Ok(Value::Text(value.to_owned())),
        Some('{' | '[') => flow(plain, origin).map(|node| spaced(node.value)).map_err(|(column, why)| {
            let before = text.len() - value.trim_start().len();
            let column = column + text[..before].chars().count();
            let path: ConfigPath = path.iter().map(|key| Arc::from(key.as_str())).collect();
            let message = format!("the value of `--set {path}` cannot be read at column {column}: {why}");
            ConfigProblem::new(Kind::Syntax, path, message)
                .hint("a text that begins so is written in quotes")
                .into()
        }),
        Some('"' | '\'') => match flow(plain, origin) {
            Ok(Node { value: quoted @ Value::Text(_), .. }) => Ok(quoted),
            // Quotes that do not enclose the whole belong to the text.
            _ => Ok(Value::Text(value.to_owned())),
        },
        Some(_) => match scalar::resolve(plain) {
            Ok(Value::Text(_)) | Err(_) => Ok(Value::Text(value.to_owned())),
            Ok(value) => Ok(value),
        },
    }
}

/// `{env: NAME}` of `{env:NAME}`, which on a command line needs no quotes, and would be a name without a value.
fn spaced(mut value: Value) -> Value {
    let Value::Map(entries) = &mut value else { return value };
    if let [entry] = entries.as_mut_slice()
        && entry.node.value == Value::Null
        && let Some((word @ ("env" | "file"), name)) = entry.key.split_once(':')
    {
        let (word, name) = (word.into(), name.into());
        entry.key = word;
        entry.node.value = Value::Text(name);
    }
    value
}

/// The value in what was given to `--set`, as it was written.
pub(super) fn value_of(text: &str) -> Option<&str> {
    split(text).ok().map(|(_, value)| value.trim())
}

/// What was given to `--set` without the value, which may be secret.
pub(super) fn name_of(text: &str) -> &str {
    match split(text) {
        Ok((_, value)) => &text[..text.len() - value.len() - 1],
        Err(_) => match text.split_once('=') {
            Some((name, _)) => name,
            // Of `password hunter2` the name is told, and not what was perhaps meant to be the value.
            None => text.split_whitespace().next().unwrap_or_default(),
        },
    }
}

/// What is wrong with a path.
struct Wrong {
    /// The column, from 1, in characters.
    column: usize,
    what: &'static str,
    hint: &'static str,
}

/// How a path is written.
const FORM: &str = "write names with dots between them, `=` and the value: `ops.load.config.batch=50`";

/// The names of the path, and what stands after the `=`.
fn split(text: &str) -> Result<(Vec<String>, &str), Wrong> {
    let wrong = |at: usize, what, hint| Wrong { column: text[..at].chars().count() + 1, what, hint };
    let mut names = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let (name, length) = if rest.starts_with('"') {
            let mut parsed = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            match parsed.next() {
                Some(Ok(name)) => (name, parsed.byte_offset()),
                _ => return Err(wrong(at, "has quotes that are not closed", FORM)),
            }
        } else {
            let length = rest.find(['.', '=', '[', '"']).unwrap_or(rest.len());
            (rest[..length].to_owned(), length)
        };
        if length == 0 || (!rest.starts_with('"') && name.trim().is_empty()) {
            return Err(match rest.starts_with('[') {
                true => wrong(at, "addresses an item of a list", "set the whole list: `tags=[a, b]`"),
                false => wrong(at, "lacks a name", FORM),
            });
        }
        if names.len() == DEPTH {
            return Err(wrong(at, "has too many names", "maps are nested 64 deep at most"));
        }
        names.push(if rest.starts_with('"') { name } else { name.trim().to_owned() });
        at += length;
        let end = text[at..].chars().next();
        match end {
            Some('.') => at += 1,
            Some('=') => return Ok((names, &text[at + 1..])),
            Some('[') => {
                return Err(wrong(at, "addresses an item of a list", "set the whole list: `tags=[a, b]`"));
            }
            None => return Err(wrong(at, "lacks `=` and a value", FORM)),
            Some(_) => return Err(wrong(at, "has something between two names", FORM)),
        }
    }
}
