use schemars::Schema;
use serde_json::Value as Json;

use super::ConfigPath;
use super::path::ConfigStep;
use super::scalar::quoted;
use super::schema::{Facets, Schemas};
use super::show::{Line, aligned};
use super::words::literal;

/// The word in a schema that says that a value is seldom given, and no matter to start with.
pub(crate) const RARE: &str = "x-orch-rare";

/// How deep types that hold themselves are written out.
const DEEP: usize = 8;

/// A configuration to start from, as YAML. What must be given is there with nothing after it, so that whatever is
/// forgotten is told; what can be left out is commented out, with its default. Descriptions are comments.
///
/// ```
/// let schema = schemars::json_schema!({
///     "type": "object",
///     "properties": {
///         "folder": { "type": "string", "description": "Where the files are." },
///         "batch": { "type": "integer", "minimum": 1, "default": 50 },
///     },
///     "required": ["folder"],
/// });
/// let scaffold = orch_core::config::scaffold(&schema);
/// let lines: Vec<_> = scaffold.lines().collect();
/// assert_eq!(lines[0], "# Where the files are.");
/// assert_eq!(lines[1], "folder:     # a text");
/// assert_eq!(lines[2], "#batch: 50  # a whole number, at least 1");
/// ```
#[must_use]
pub fn scaffold(schema: &Schema) -> String {
    let mut writer = Writer { schemas: Schemas::new(schema), lines: Vec::new() };
    let Ok(facets) = writer.schemas.facets(writer.schemas.root()) else { return String::new() };
    writer.described(&facets, 0);
    if !writer.lines.is_empty() {
        writer.lines.push(Line { text: String::new(), comment: None });
    }
    writer.body(&facets, None, 0, false, 0);
    aligned(&writer.lines)
}

/// A hint that adds what a map lacks, nested as deep as it must be.
pub(super) fn snippet(schemas: Schemas<'_>, path: &ConfigPath, missing: &[(&str, Option<&Json>)]) -> String {
    // What an item of a list lacks is added to that item, wherever it stands.
    let item = path.steps().iter().rposition(|step| matches!(step, ConfigStep::Index(_)));
    let (at, keys) = path.steps().split_at(item.map_or(0, |at| at + 1));
    let mut writer = Writer { schemas, lines: Vec::new() };
    let mut indent = 0;
    for key in keys {
        if let ConfigStep::Key(key) = key {
            writer.line(indent, false, &format!("{}:", quoted(key)), None);
            indent += 2;
        }
    }
    for (name, schema) in missing {
        match schema {
            Some(schema) => writer.example(name, schema, indent, 0),
            None => writer.line(indent, false, &format!("{}: ..", quoted(name)), None),
        }
    }
    let snippet = aligned(&writer.lines);
    match at {
        [] => format!("add\n{snippet}"),
        _ => {
            let at = at.iter().fold(ConfigPath::root(), |path, step| match step {
                ConfigStep::Key(key) => path.key(key.clone()),
                ConfigStep::Index(index) => path.index(*index),
            });
            format!("add to `{at}`\n{snippet}")
        }
    }
}

/// What is written so far.
struct Writer<'a> {
    schemas: Schemas<'a>,
    lines: Vec<Line>,
}

impl<'a> Writer<'a> {
    /// A field of which an example is given, with what must be in it.
    fn example(&mut self, name: &str, schema: &'a Json, indent: usize, depth: usize) {
        let facets = self.schemas.facets(schema).unwrap_or_default();
        let inner = self.chosen(&facets);
        let inner = inner.as_ref().unwrap_or(&facets);
        let fields = inner.fields();
        let required: Vec<_> = inner
            .required()
            .into_iter()
            .filter_map(|name| fields.iter().find(|(field, _)| *field == name))
            .collect();
        if required.is_empty() || depth == DEEP || facets.secret() {
            let value = self.value(name, &facets);
            self.line(indent, false, &format!("{}: {value}", quoted(name)), Some(self.note(&facets)));
            return;
        }
        let note = self.summary(&facets);
        self.line(indent, false, &format!("{}:", quoted(name)), note);
        for (name, schema) in required {
            self.example(name, schema, indent + 2, depth + 1);
        }
    }

    /// The first choice that has fields, for an example of a selector.
    fn chosen(&self, facets: &Facets<'a>) -> Option<Facets<'a>> {
        let choices = facets.choices().next()?;
        choices
            .iter()
            .filter_map(|choice| self.schemas.facets(choice).ok())
            .find(|facets| !facets.required().is_empty())
    }

    /// A value of the type.
    fn value(&self, name: &str, facets: &Facets<'_>) -> String {
        if facets.secret() {
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect();
            return format!("{{env: {name}}}");
        }
        let examples = facets.word("examples").and_then(Json::as_array).and_then(|examples| examples.first());
        let first = facets.values().and_then(|values| values.into_iter().next());
        if let Some(value) = examples.or(first) {
            return literal(value);
        }
        let unit = facets.choices().flatten().find_map(|choice| {
            self.schemas.facets(choice).ok()?.values().and_then(|values| values.into_iter().next())
        });
        if let Some(unit) = unit {
            return literal(unit);
        }
        match facets.types().unwrap_or_default().first() {
            Some(&"integer" | &"number") => facets.word("minimum").map_or_else(|| "0".to_owned(), literal),
            Some(&"boolean") => "false".to_owned(),
            Some(&"array") => "[]".to_owned(),
            Some(&"object") => "{}".to_owned(),
            Some(&"null") => "null".to_owned(),
            _ => "..".to_owned(),
        }
    }

    /// The fields of a map, or the choices that there are. `default` is the default of the whole.
    fn body(
        &mut self,
        facets: &Facets<'a>,
        default: Option<&'a Json>,
        indent: usize,
        off: bool,
        depth: usize,
    ) {
        let (required, fields) = (facets.required(), facets.fields());
        // A name with nothing but comments below it would be null, and no map.
        let all = indent > 0 && !fields.iter().any(|(name, _)| required.contains(name));
        for (name, schema) in fields {
            if schema.get(RARE).is_some() {
                continue;
            }
            let own = default.and_then(|default| default.get(name));
            self.field(name, schema, own, indent, off || !(all || required.contains(&name)), depth);
        }
        if default.is_some() || depth == DEEP {
            return;
        }
        for choices in facets.choices().collect::<Vec<_>>() {
            if choices.iter().all(|choice| !self.has_fields(choice)) {
                continue;
            }
            let mut first = true;
            for choice in choices {
                let Ok(choice) = self.schemas.facets(choice) else { continue };
                if choice.fields().is_empty() {
                    continue;
                }
                self.comment(indent, if std::mem::take(&mut first) { "Either" } else { "or" });
                self.described(&choice, indent);
                self.body(&choice, None, indent, true, depth + 1);
            }
        }
    }

    fn has_fields(&self, schema: &'a Json) -> bool {
        self.schemas.facets(schema).is_ok_and(|facets| !facets.fields().is_empty())
    }

    fn field(
        &mut self,
        name: &str,
        schema: &'a Json,
        default: Option<&'a Json>,
        indent: usize,
        off: bool,
        depth: usize,
    ) {
        let Ok(mut facets) = self.schemas.facets(schema) else { return };
        let default = default.or_else(|| facets.word("default"));
        self.described(&facets, indent);
        // What may be null is described by what else it is.
        if let Some(inner) = self.optional(&facets) {
            facets = inner;
        }
        let key = format!("{}:", quoted(name));
        let nested = !facets.fields().is_empty() && default.is_none_or(Json::is_object) && !facets.secret();
        let selector = default.is_none() && facets.choices().flatten().any(|choice| self.has_fields(choice));
        if (nested || selector) && depth < DEEP {
            let note = selector.then(|| self.schemas.expected_of(&facets));
            self.line(indent, off, &key, note);
            self.body(&facets, default, indent + 2, off, depth + 1);
            return;
        }
        let value = match default {
            Some(default) => format!(" {}", literal(default)),
            None if facets.word("const").is_some() || facets.secret() => {
                format!(" {}", self.value(name, &facets))
            }
            None if self.open(&facets) => " {}".to_owned(),
            None => String::new(),
        };
        let note = facets.word("const").is_none().then(|| self.demand(&facets));
        self.line(indent, off, &format!("{key}{value}"), note);
    }

    /// Whether this is a map with names that people choose, for which nothing need be given.
    fn open(&self, facets: &Facets<'_>) -> bool {
        facets.types().is_some_and(|types| types == ["object"]) && facets.choices().next().is_none()
    }

    /// What else it is, of what may be null.
    fn optional(&self, facets: &Facets<'a>) -> Option<Facets<'a>> {
        let choices = facets.choices().next()?;
        let is_null = |choice: &&Json| choice.get("type").and_then(Json::as_str) == Some("null");
        let mut rest = choices.iter().filter(|choice| !is_null(choice));
        match (rest.next(), rest.next()) {
            (Some(only), None) => self.schemas.facets(only).ok(),
            _ => None,
        }
    }

    /// What is asked of a value, and its first line of description.
    fn note(&self, facets: &Facets<'_>) -> String {
        match self.summary(facets) {
            Some(summary) => format!("{}: {summary}", self.demand(facets)),
            None => self.demand(facets),
        }
    }

    fn summary(&self, facets: &Facets<'_>) -> Option<String> {
        let first = facets.text("description")?.lines().next()?.trim().trim_end_matches('.');
        let mut letters = first.chars();
        let start = letters.next()?;
        // A word in capitals stays as it is.
        let lower = letters.clone().next().is_none_or(|next| !next.is_uppercase());
        Some(if lower { start.to_lowercase().chain(letters).collect() } else { first.to_owned() })
    }

    /// What is asked of a value: `a whole number from 1 to 100`.
    fn demand(&self, facets: &Facets<'_>) -> String {
        let mut demand = self.schemas.expected_of(facets);
        if facets.values().is_some() || facets.secret() {
            return demand;
        }
        let bounds = [
            ("minimum", "at least"),
            ("maximum", "at most"),
            ("exclusiveMinimum", "more than"),
            ("exclusiveMaximum", "less than"),
            ("multipleOf", "a multiple of"),
        ];
        match (facets.word("minimum"), facets.word("maximum")) {
            (Some(least), Some(most)) => demand.push_str(&format!(" from {least} to {most}")),
            _ => {
                for (word, words) in bounds {
                    if let Some(bound) = facets.word(word) {
                        demand.push_str(&format!(", {words} {bound}"));
                    }
                }
            }
        }
        if let Some(pattern) = facets.text("pattern") {
            demand.push_str(&format!(" that matches {}", super::words::cut(pattern)));
        }
        if let (Some(items), true) = (facets.word("items"), demand == "a list") {
            demand = format!("a list, each item {}", self.schemas.expected(items));
        }
        demand
    }

    /// The description as comments.
    fn described(&mut self, facets: &Facets<'_>, indent: usize) {
        for line in facets.text("description").unwrap_or_default().lines() {
            self.comment(indent, line.trim_end());
        }
    }

    fn comment(&mut self, indent: usize, text: &str) {
        let space = if text.is_empty() { "" } else { " " };
        self.lines.push(Line { text: format!("{:indent$}#{space}{text}", ""), comment: None });
    }

    fn line(&mut self, indent: usize, off: bool, text: &str, comment: Option<String>) {
        let off = if off { "#" } else { "" };
        self.lines.push(Line { text: format!("{:indent$}{off}{text}", ""), comment });
    }
}
