use std::sync::Arc;

use serde_json::Value as Json;

use super::{Check, Kind};
use crate::config::path::ConfigStep;
use crate::config::schema::Facets;
use crate::config::words::{cut, listed, near, ticked};
use crate::config::{Entry, Node, Origin, Value, scaffold};

/// How many known names a hint lists.
const LISTED: usize = 12;

impl<'a> Check<'a> {
    pub(super) fn map(&mut self, node: &Node, entries: &[Entry], facets: &Facets<'a>) -> Node {
        let fields = facets.fields();
        let others = self.others(node, facets);
        let mut given = Vec::with_capacity(entries.len());
        let mut unknown = Vec::new();
        for entry in entries {
            let schemas = match fields.iter().find(|(name, _)| *name == &*entry.key) {
                Some((_, schema)) => vec![*schema],
                None => match others.of(&entry.key) {
                    Some(schemas) => schemas,
                    None => {
                        unknown.push(entry);
                        continue;
                    }
                },
            };
            let step = || ConfigStep::Key(Arc::clone(&entry.key));
            let node = schemas.into_iter().fold(entry.node.clone(), |node, schema| {
                self.within(step(), |check| check.value(&node, schema))
            });
            given.push(Entry { node, ..entry.clone() });
        }
        let mut missing: Vec<_> = facets
            .required()
            .into_iter()
            .filter(|name| !entries.iter().any(|entry| &*entry.key == *name))
            .map(|name| (name, fields.iter().find(|(field, _)| *field == name).map(|(_, schema)| *schema)))
            .filter(|(_, schema)| schema.is_none_or(|schema| self.default(schema).is_none()))
            .collect();
        self.unknown(&unknown, &fields, &mut missing);
        self.missing(node, &missing);
        self.size(node, entries.len() as u64, facets);
        let value = Value::Map(self.completed(given, &fields));
        Node { value, origin: node.origin.clone() }
    }

    /// The fields in the order of the schema, with the defaults of those that are absent; then what else there is.
    fn completed(&mut self, mut given: Vec<Entry>, fields: &[(&'a str, &'a Json)]) -> Vec<Entry> {
        let mut completed = Vec::with_capacity(given.len().max(fields.len()));
        for (name, schema) in fields {
            if let Some(at) = given.iter().position(|entry| &*entry.key == *name) {
                completed.push(given.remove(at));
            } else if let Some(default) = self.default(schema) {
                let key: Arc<str> = (*name).into();
                let node = Node::of_json(default, &Origin::Default);
                // A default can have defaults within, and can be wrong.
                let node = self.within(ConfigStep::Key(Arc::clone(&key)), |check| check.value(&node, schema));
                completed.push(Entry::new(key, Origin::Default, node));
            }
        }
        completed.extend(given);
        completed
    }

    fn default(&self, schema: &'a Json) -> Option<&'a Json> {
        self.schemas.facets(schema).ok()?.word("default")
    }

    /// Tells names that are no fields. One that is meant for a missing field is one mistake, so the field is not missed.
    fn unknown(
        &mut self,
        unknown: &[&Entry],
        fields: &[(&'a str, &'a Json)],
        missing: &mut Vec<(&'a str, Option<&'a Json>)>,
    ) {
        let names = || fields.iter().map(|(name, _)| *name);
        for entry in unknown {
            let subject = self.path.subject();
            let meant = near(&entry.key, missing.iter().map(|(name, _)| *name));
            if let Some(meant) = meant {
                missing.retain(|(name, _)| *name != meant);
            }
            let meant = meant.or_else(|| near(&entry.key, names()));
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if fields.is_empty() => "it has no fields at all".to_owned(),
                None => {
                    let shown = ticked(names().take(LISTED));
                    let more = fields.len().saturating_sub(LISTED);
                    match more {
                        0 => format!("it has {}", listed(&shown, "and")),
                        _ => format!("it has {} and {more} more", shown.join(", ")),
                    }
                }
            };
            let message = format!("{subject} has no field {}", cut(&entry.key));
            let path = self.path.clone().key(Arc::clone(&entry.key));
            let problem = super::ConfigProblem::new(Kind::UnknownKey, path, message).at(entry.at.clone());
            self.problems.push(problem.hint(hint));
        }
    }

    /// All that a map lacks is told together, with a piece of YAML that has it.
    fn missing(&mut self, node: &Node, missing: &[(&str, Option<&Json>)]) {
        if missing.is_empty() {
            return;
        }
        let names = listed(&ticked(missing.iter().map(|(name, _)| *name)), "and");
        let snippet = scaffold::snippet(self.schemas, &self.path, missing);
        let problem = self.problem(Kind::Missing, node, &format!("lacks {names}"));
        self.problems.push(problem.hint(snippet));
    }

    fn size(&mut self, node: &Node, size: u64, facets: &Facets<'a>) {
        let least = facets.all("minProperties").filter_map(Json::as_u64).max().unwrap_or(0);
        let most = facets.all("maxProperties").filter_map(Json::as_u64).min().unwrap_or(u64::MAX);
        let wanted = match size {
            _ if (least..=most).contains(&size) => return,
            _ if size < least => format!("at least {least}"),
            _ => format!("at most {most}"),
        };
        self.report(Kind::WrongValue, node, &format!("is to have {wanted} names, but has {size}"));
    }

    /// What is said of names that are no fields.
    fn others(&mut self, node: &Node, facets: &Facets<'a>) -> Others<'a> {
        let mut patterns = Vec::new();
        for (pattern, schema) in facets.all("patternProperties").filter_map(Json::as_object).flatten() {
            match regex_lite::Regex::new(pattern) {
                Ok(regex) => patterns.push((regex, schema)),
                Err(error) => {
                    self.misunderstood(
                        node,
                        &format!("the pattern `{pattern}` of its schema is none: {error}"),
                    );
                }
            }
        }
        let rest = ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .flat_map(|word| facets.all(word))
            .collect();
        Others { patterns, rest }
    }
}

/// The schemas of what is no field of a map.
struct Others<'a> {
    patterns: Vec<(regex_lite::Regex, &'a Json)>,
    rest: Vec<&'a Json>,
}

impl<'a> Others<'a> {
    /// The schemas that hold for a name; none if there can be no such name.
    fn of(&self, key: &str) -> Option<Vec<&'a Json>> {
        let matching: Vec<_> = self
            .patterns
            .iter()
            .filter(|(regex, _)| regex.is_match(key))
            .map(|(_, schema)| *schema)
            .collect();
        if !matching.is_empty() {
            return Some(matching);
        }
        if self.rest.contains(&&Json::Bool(false)) {
            return None;
        }
        Some(self.rest.clone())
    }
}
