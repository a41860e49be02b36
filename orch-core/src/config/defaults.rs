use schemars::Schema;
use serde_json::Value as Json;

use super::{ConfigPath, ConfigProblem, EnvVars, Node, Origin, check_at};

/// Checks the defaults of a schema, and of all that it refers to, by what they are defaults of. A run is told of a wrong
/// default only if nothing goes before it; here it is found before there is a run.
///
/// A type that stands at several paths is looked at once. Problems have the path of the value, below `path`.
pub(crate) fn check_defaults(schema: &Schema, path: ConfigPath) -> Vec<ConfigProblem> {
    let mut walk = Walk { root: schema.as_value(), seen: Vec::new(), problems: Vec::new() };
    walk.schema(schema.as_value(), path);
    walk.problems
}

struct Walk<'a> {
    root: &'a Json,
    /// References that were followed.
    seen: Vec<&'a str>,
    problems: Vec<ConfigProblem>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Json, path: ConfigPath) {
        let Some(words) = schema.as_object() else { return };
        if let Some(default) = words.get("default") {
            self.default(default, schema, path.clone());
        }
        if let Some(reference) = words.get("$ref").and_then(Json::as_str)
            && !self.seen.contains(&reference)
        {
            self.seen.push(reference);
            if let Some(target) = reference.strip_prefix('#').and_then(|at| self.root.pointer(at)) {
                self.schema(target, path.clone());
            }
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            for one in words.get(word).and_then(Json::as_array).into_iter().flatten() {
                self.schema(one, path.clone());
            }
        }
        for (name, field) in words.get("properties").and_then(Json::as_object).into_iter().flatten() {
            self.schema(field, path.clone().key(name.as_str()));
        }
        // What is said of each value of a list or map is said of the first.
        if let Some(items) = words.get("items") {
            self.schema(items, path.clone().index(0));
        }
        if let Some(others) = words.get("additionalProperties") {
            self.schema(others, path.key("*"));
        }
    }

    fn default(&mut self, default: &Json, schema: &Json, path: ConfigPath) {
        let Ok(mut schema) = Schema::try_from(schema.clone()) else { return };
        if let Some(types) = self.root.get("$defs") {
            schema.insert("$defs".to_owned(), types.clone());
        }
        let node = Node::of_json(default, &Origin::Default);
        let Err(error) = check_at(&node, &schema, &EnvVars::none(), path) else { return };
        for problem in error.into_problems() {
            // The default of a map has the defaults of its fields in it.
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}
