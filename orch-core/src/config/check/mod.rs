//! The one validator of configuration: what a schema asks, compared with what is there.

mod choice;
mod latest;
mod list;
mod map;
mod number;
mod secret;
mod text;
mod variable;

use schemars::Schema;
use serde_json::Value as Json;

use super::path::ConfigStep;
use super::schema::{Facets, Schemas};
use super::words::{found, listed, literal, near, ticked};
use super::{
    ConfigError, ConfigPath, ConfigProblem, ConfigProblemKind as Kind, EnvVars, Node, Origin, Value,
};

/// How deep values may be nested.
const DEPTH: usize = 128;

/// How many values are looked at in all, those that are looked at for several choices counted again: so many, and for each
/// value so many more.
const STEPS: (usize, usize) = (5_000, 20);

/// Checks a configuration against its schema, and completes it.
///
/// Returned is what is in effect: the values given, those of environment variables where `{env: NAME}` stands for a text,
/// a number or a truth value, and the defaults of fields that are absent; each with its origin. A secret stays the
/// reference that it is: that it leads to something is checked, its text is not looked at.
///
/// The schema is one that `schemars` makes of types with serde's attributes. These words of it are understood: `type`,
/// `enum`, `const`, `$ref` within it, `allOf`, `oneOf`, `anyOf`; `properties`, `required`, `additionalProperties`,
/// `unevaluatedProperties`, `patternProperties`, `minProperties`, `maxProperties`; `items`, `prefixItems`, `minItems`,
/// `maxItems`, `uniqueItems`; `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`, `format` of whole
/// numbers (`uint8`); `minLength`, `maxLength`, `pattern`; `default`, and `x-orch-secret`. A schema with another word that
/// constrains values, such as `if`, is refused; words that constrain nothing are passed over. Of several alternatives
/// the first that fits is taken, for `oneOf` too, as serde does.
///
/// # Errors
/// Everything that is wrong, each with its path and its place.
///
/// ```
/// use orch_core::config::{EnvVars, FileFormat, Node, check};
///
/// let schema = schemars::json_schema!({
///     "type": "object",
///     "properties": { "batch": { "type": "integer", "minimum": 1 } },
///     "required": ["batch"],
///     "additionalProperties": false,
/// });
/// let node = Node::parse(FileFormat::Yaml, "conf.yaml", "batch: 0\nbacth: 5\n")?;
/// let error = check(&node, &schema, &EnvVars::none()).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// assert_eq!(error.problems()[0].message(), "`batch` is to be at least 1, but is 0");
/// # Ok::<(), orch_core::config::ConfigError>(())
/// ```
pub fn check(node: &Node, schema: &Schema, env: &EnvVars) -> Result<Node, ConfigError> {
    check_at(node, schema, env, ConfigPath::root())
}

/// As [`check`], of a part of a configuration: problems are told with the path that leads to it.
///
/// # Errors
/// As of [`check`].
pub fn check_at(node: &Node, schema: &Schema, env: &EnvVars, path: ConfigPath) -> Result<Node, ConfigError> {
    let mut check = Check {
        schemas: Schemas::new(schema),
        env,
        path,
        depth: 0,
        steps: STEPS.0 + STEPS.1 * node.count(),
        hidden: false,
        problems: Vec::new(),
    };
    let effective = check.value(node, check.schemas.root());
    match check.problems.is_empty() {
        true => Ok(effective),
        false => {
            let hinted = |problem: ConfigProblem| {
                let default = problem.places().next() == Some(&Origin::Default);
                if default { problem.hint("this default is a mistake of the program") } else { problem }
            };
            Err(ConfigError::new(check.problems.into_iter().map(hinted).collect()))
        }
    }
}

/// The way through one configuration.
struct Check<'a> {
    schemas: Schemas<'a>,
    env: &'a EnvVars,
    path: ConfigPath,
    depth: usize,
    steps: usize,
    /// Whether a secret may stand here, so that no value is shown.
    hidden: bool,
    problems: Vec<ConfigProblem>,
}

impl<'a> Check<'a> {
    /// A value and what is in it: what is in effect, as far as it can be told.
    fn value(&mut self, node: &Node, schema: &'a Json) -> Node {
        let Some(steps) = self.steps.checked_sub(1).filter(|_| self.depth < DEPTH) else {
            // Told once, not at every value that is left.
            if !self.problems.iter().any(|problem| problem.kind() == Kind::TooLarge) {
                self.report(Kind::TooLarge, node, "is nested too deep, or too large to be checked");
            }
            return node.clone();
        };
        self.steps = steps;
        match self.schemas.facets(schema) {
            Ok(facets) => self.faceted(node, schema, facets),
            Err(why) => self.misunderstood(node, &why),
        }
    }

    fn faceted(&mut self, node: &Node, schema: &'a Json, mut facets: Facets<'a>) -> Node {
        // Before anything else, so that nothing else speaks of what stands there.
        if facets.secret() {
            self.secret(node, &facets);
            return node.clone();
        }
        let variable;
        let node = match self.variable(node, &facets) {
            variable::Found::Itself => node,
            variable::Found::Read(read) => {
                variable = read;
                &variable
            }
            variable::Found::Wrong => return node.clone(),
        };
        match self.choose(node, &mut facets) {
            choice::Chosen::Added => {}
            choice::Chosen::Done(node) => return node,
            choice::Chosen::Latest(node) => return self.value(&node, schema),
        }
        if facets.secret() {
            self.secret(node, &facets);
            return node.clone();
        }
        if facets.never {
            self.report(Kind::WrongValue, node, "can have no value at all");
            return node.clone();
        }
        let Some(node) = self.typed(node, &facets) else { return node.clone() };
        if let Some(values) = facets.values() {
            return self.one_of(node, &values);
        }
        match &node.value {
            Value::Number(number) => self.number(&node, number, &facets),
            Value::Text(text) => self.text(&node, text, &facets),
            Value::List(items) => return self.list(&node, items, &facets),
            Value::Map(entries) => return self.map(&node, entries, &facets),
            Value::Null | Value::Bool(_) => {}
        }
        node
    }

    /// The value as one of the types that are allowed. A whole number may be written `3.0`, and what came as text, from
    /// `--set` or a variable, is the text that it was if a text is wanted.
    fn typed(&mut self, node: &Node, facets: &Facets<'a>) -> Option<Node> {
        let Some(types) = facets.types() else { return Some(node.clone()) };
        let typed = |value| Some(Node { value, origin: node.origin.clone() });
        let allowed = |name| types.contains(&name);
        match &node.value {
            Value::Number(number) if allowed("integer") => match number::whole(number) {
                Some(whole) => return typed(Value::Number(whole)),
                None if allowed("number") => return Some(node.clone()),
                None => {}
            },
            value if allowed(type_name(value)) => return Some(node.clone()),
            _ => {}
        }
        if allowed("string")
            && let Some(text) = variable::spelling(node, self.env)
        {
            return typed(Value::Text(text));
        }
        let expected = self.schemas.expected_of(facets);
        self.mismatch(node, &expected, facets);
        None
    }

    /// One of a few values.
    fn one_of(&mut self, node: Node, values: &[&Json]) -> Node {
        if values.iter().any(|value| equal(&node, value)) {
            return node;
        }
        let shown: Vec<_> = values.iter().map(|value| literal(value)).collect();
        let expected = listed(&ticked(shown.iter().map(String::as_str)), "or");
        let mut problem = self.problem(
            Kind::WrongValue,
            &node,
            &format!("is to be {expected}, but is {}", self.found(&node)),
        );
        if let (Value::Text(text), false) = (&node.value, self.hidden)
            && let Some(near) = near(text, shown.iter().map(String::as_str))
        {
            problem = problem.hint(format!("did you mean `{near}`?"));
        }
        self.problems.push(problem);
        node
    }

    /// A value of the wrong type.
    fn mismatch(&mut self, node: &Node, expected: &str, facets: &Facets<'_>) {
        let message = format!("is to be {expected}, but is {}", self.found(node));
        let mut problem = self.problem(Kind::WrongType, node, &message);
        let wants = |name| facets.types().is_some_and(|types| types.contains(&name));
        match (&node.value, facets.word("default")) {
            (Value::Null, Some(default)) if node.origin != Origin::Default => {
                problem = problem.hint(format!("leave it out, and it is {}", literal(default)));
            }
            (Value::Number(_) | Value::Bool(_), _) if wants("string") && !self.hidden => {
                problem = problem.hint("in quotes it is a text");
            }
            (Value::Text(text), _)
                if wants("boolean") && ["yes", "on", "no", "off"].contains(&&*text.to_lowercase()) =>
            {
                let meant = ["yes", "on"].contains(&&*text.to_lowercase());
                problem = problem.hint(format!("write `{meant}`"));
            }
            (Value::Text(text), _)
                if (wants("integer") || wants("number"))
                    && matches!(super::scalar::number(text), Ok(Some(_)))
                    && !self.hidden =>
            {
                problem = problem.hint(format!("without quotes it is a number: {text}"));
            }
            _ => {}
        }
        self.problems.push(problem);
    }

    fn misunderstood(&mut self, node: &Node, why: &str) -> Node {
        let problem = self.problem(Kind::Schema, node, &format!("cannot be checked: {why}"));
        self.problems.push(problem.hint("this is a mistake of the program, not of the configuration"));
        node.clone()
    }

    fn report(&mut self, kind: Kind, node: &Node, what: &str) {
        let problem = self.problem(kind, node, what);
        self.problems.push(problem);
    }

    /// A problem of the value that stands here; the message begins with its path.
    fn problem(&self, kind: Kind, node: &Node, what: &str) -> ConfigProblem {
        let message = format!("{} {what}", self.path.subject());
        ConfigProblem::new(kind, self.path.clone(), message).at(node.origin.clone())
    }

    fn found(&self, node: &Node) -> String {
        if self.hidden { "another value".to_owned() } else { found(node) }
    }

    /// What is done within a map or a list.
    fn within<T>(&mut self, step: ConfigStep, what: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        self.depth += 1;
        let done = what(self);
        self.depth -= 1;
        self.path.pop();
        done
    }

    /// What is done, with the problems that were found in it kept apart.
    fn apart<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> (T, Vec<ConfigProblem>) {
        let before = std::mem::take(&mut self.problems);
        let done = what(self);
        (done, std::mem::replace(&mut self.problems, before))
    }
}

/// The type of a value, as schemas call it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// Whether a value is the same as one of a schema. Numbers are compared as numbers: 1 is 1.0.
fn equal(node: &Node, json: &Json) -> bool {
    match (&node.value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Number(a), Json::Number(b)) => number::same(a, b),
        (Value::Text(a), Json::String(b)) => a == b,
        (Value::List(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Map(a), Json::Object(b)) => {
            let same = |entry: &super::Entry| b.get(&*entry.key).is_some_and(|b| equal(&entry.node, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => false,
    }
}
