use std::collections::HashMap;
use std::sync::Arc;

use jsonc_parser::ast::{self, ObjectPropName};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{DEPTH, Source, duplicate, too_deep};
use crate::config::path::ConfigStep;
use crate::config::{ConfigPath, ConfigProblem, ConfigProblemKind as Kind, Entry, Node, Value, scalar};

/// Nothing but JSON.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The value in a text of JSON, if there is one.
pub(super) fn read(source: &Source<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Node> {
    match parse_to_ast(source.text(), &CollectOptions::default(), &STRICT) {
        Ok(parsed) => {
            let mut reader = Reader { source, problems, path: ConfigPath::root(), depth: 0 };
            parsed.value.map(|value| reader.value(&value))
        }
        Err(error) => {
            let why = error.kind().to_string();
            let why = why[..1].to_lowercase() + &why[1..];
            let problem =
                ConfigProblem::new(Kind::Syntax, ConfigPath::root(), format!("this is not JSON: {why}"));
            let problem = problem.at(source.origin(error.range().start));
            problems.push(match error.kind() {
                jsonc_parser::errors::ParseErrorKind::CommentsNotAllowed => {
                    problem.hint("JSON has no comments; YAML and TOML have, with `#`")
                }
                _ => problem,
            });
            None
        }
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    problems: &'a mut Vec<ConfigProblem>,
    path: ConfigPath,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self, value: &ast::Value<'_>) -> Node {
        let origin = self.source.origin(value.start());
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            ast::Value::StringLit(literal) => Value::Text(literal.value.to_string()),
            ast::Value::NumberLit(literal) => match number(literal.value) {
                Ok(number) => Value::Number(number),
                Err(why) => {
                    let problem = ConfigProblem::new(Kind::Syntax, self.path.clone(), why);
                    self.problems.push(problem.at(origin.clone()));
                    Value::Null
                }
            },
            ast::Value::Array(_) | ast::Value::Object(_) if self.depth == DEPTH => {
                self.problems.push(too_deep(&self.path, origin.clone()));
                Value::Null
            }
            ast::Value::Array(array) => {
                let items = array.elements.iter().enumerate();
                Value::List(items.map(|(at, item)| self.within(ConfigStep::Index(at), item)).collect())
            }
            ast::Value::Object(object) => Value::Map(self.object(object)),
        };
        Node { value, origin }
    }

    fn object(&mut self, object: &ast::Object<'_>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
        let mut seen = HashMap::new();
        for property in &object.properties {
            let key: Arc<str> = match &property.name {
                ObjectPropName::String(literal) => literal.value.as_ref().into(),
                ObjectPropName::Word(word) => word.value.into(),
            };
            let at = self.source.origin(property.name.start());
            let node = self.within(ConfigStep::Key(Arc::clone(&key)), &property.value);
            match seen.insert(Arc::clone(&key), at.clone()) {
                Some(first) => self.problems.push(duplicate(&self.path, &key, at, first)),
                None => entries.push(Entry::new(key, at, node)),
            }
        }
        entries
    }

    fn within(&mut self, step: ConfigStep, value: &ast::Value<'_>) -> Node {
        self.path.push(step);
        self.depth += 1;
        let node = self.value(value);
        self.depth -= 1;
        self.path.pop();
        node
    }
}

fn number(text: &str) -> Result<serde_json::Number, String> {
    match scalar::number(text) {
        Err(why) => Err(why.to_owned()),
        // What YAML takes for a number, such as `01`, need not be one here.
        Ok(Some(number)) if serde_json::from_str::<serde_json::Number>(text).is_ok() => Ok(number),
        Ok(_) => Err(format!("this is not JSON: `{text}` is no number")),
    }
}
