//! How values and what is asked of them are named in messages.

use serde_json::Value as Json;

use super::scalar::quoted;
use super::schema::{Facets, Schemas};
use super::{Node, Value};
use crate::ids::nearest;

/// How many characters of a value a message shows.
const SHOWN: usize = 60;

/// How deep choices within choices are looked at for a description.
const DEEP: usize = 4;

/// What was found, as the end of a sentence: `the text "fifty"`.
pub(super) fn found(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("{value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Text(text) if text.is_empty() => "an empty text".to_owned(),
        Value::Text(text) => format!("the text {}", cut(text)),
        Value::List(items) if items.is_empty() => "an empty list".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}

/// A text in backticks, on one line and of bounded length.
pub(super) fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    // What is escaped for Rust's sake alone reads better as it is.
    shown = shown.replace("\\'", "'").replace("\\\"", "\"");
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("..");
    }
    format!("`{shown}`")
}

/// A value of a schema on one line: a default, one of the choices.
pub(super) fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{}: {}", quoted(key), literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// `a`, `b` or `c`; with `and` or `or` before the last.
pub(super) fn listed<T: AsRef<str>>(names: &[T], word: &str) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", first.join(", "), last.as_ref())
        }
    }
}

/// The name that was most likely meant, if a name was meant at all.
pub(super) fn near<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if wanted.len() > SHOWN { None } else { nearest(wanted, names) }
}

/// Names in backticks.
pub(super) fn ticked<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(|name| format!("`{name}`")).collect()
}

impl Schemas<'_> {
    /// What a schema asks for, as the end of a sentence: `a whole number`, ``one of `fast` and `safe` ``.
    pub(super) fn expected(self, schema: &Json) -> String {
        self.described(schema, DEEP)
    }

    fn described(self, schema: &Json, left: usize) -> String {
        match self.facets(schema) {
            Ok(facets) => self.of_facets(&facets, left),
            Err(_) => "a value".to_owned(),
        }
    }

    /// What all that holds for a value asks for.
    pub(super) fn expected_of(self, facets: &Facets<'_>) -> String {
        self.of_facets(facets, DEEP)
    }

    fn of_facets(self, facets: &Facets<'_>, left: usize) -> String {
        if facets.secret() {
            return "a secret".to_owned();
        }
        if let Some(values) = facets.values() {
            let values: Vec<_> = values.into_iter().map(|value| format!("`{}`", literal(value))).collect();
            return listed(&values, "or");
        }
        let Some(left) = left.checked_sub(1) else { return "a value".to_owned() };
        if let Some(choices) = facets.choices().next() {
            return self.of_choices(choices, left);
        }
        let Some(types) = facets.types() else {
            return if facets.word("properties").is_some() { "a map" } else { "a value" }.to_owned();
        };
        let mut words: Vec<&str> = Vec::new();
        // Whoever may leave a value out need not be told that it may be null as well.
        let optional = types.len() > 1;
        for name in types.into_iter().filter(|name| !(optional && *name == "null")) {
            let word = match name {
                "integer" => "a whole number",
                "number" => "a number",
                "string" if facets.text("format") == Some("char") => "a single character",
                "string" => "a text",
                "boolean" => "true or false",
                "array" => "a list",
                "object" => "a map",
                "null" => "null",
                _ => "a value",
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        listed(&words, "or")
    }

    fn of_choices(self, choices: &[Json], left: usize) -> String {
        let mut names: Vec<String> = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        let is_null = |choice: &&Json| choice.get("type").and_then(Json::as_str) == Some("null");
        for choice in choices.iter().filter(|choice| choices.len() == 1 || !is_null(choice)) {
            let facets = self.facets(choice).unwrap_or_default();
            match (facets.values(), facets.required().as_slice()) {
                (Some(values), _) => {
                    names.extend(values.into_iter().map(|value| format!("`{}`", literal(value))));
                }
                (None, required) if let Some(tag) = facets.tag(required) => {
                    let word = format!("a map with `{tag}`");
                    if !names.contains(&word) {
                        names.push(word);
                    }
                }
                (None, [key]) if facets.fields().len() == 1 => keys.push(format!("`{key}`")),
                _ => {
                    let word = self.described(choice, left);
                    if !names.contains(&word) {
                        names.push(word);
                    }
                }
            }
        }
        if !keys.is_empty() {
            names.push(format!("a map with {}", listed(&keys, "or")));
        }
        listed(&names, "or")
    }
}
