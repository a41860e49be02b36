use std::sync::Arc;

use serde_json::Value as Json;

use super::variable::spelling;
use super::{Check, Kind, latest, type_name};
use crate::config::path::ConfigStep;
use crate::config::schema::Facets;
use crate::config::words::{cut, listed, near, ticked};
use crate::config::{ConfigProblem, Entry, Node, Value};

/// How deep choices within choices are looked at.
const DEEP: usize = 4;

/// What became of the choices of a schema.
pub(super) enum Chosen {
    /// What the chosen ones say is added to what holds anyway.
    Added,
    /// The value is checked, or the choice is wrong, which is told.
    Done(Node),
    /// The value without what a later layer has chosen otherwise.
    Latest(Node),
}

/// One of several schemas, with all that it says itself.
pub(super) struct Choice<'a> {
    schema: &'a Json,
    pub(super) facets: Facets<'a>,
}

impl<'a> Check<'a> {
    /// Chooses for each `oneOf` and `anyOf` which of them is meant, until none is left.
    pub(super) fn choose(&mut self, node: &Node, facets: &mut Facets<'a>) -> Chosen {
        let mut at = 0;
        // Choices can give choices again, so the list grows while it is gone through. Each is added only once.
        while let Some(words) = facets.words.get(at) {
            at += 1;
            let all = ["oneOf", "anyOf"].iter().filter_map(|word| words.get(*word)?.as_array());
            for schemas in all.collect::<Vec<_>>() {
                let Some(steps) = self.steps.checked_sub(schemas.len()).filter(|_| facets.words.len() < 512)
                else {
                    self.steps = 0;
                    self.report(Kind::TooLarge, node, "has too many choices to be checked");
                    return Chosen::Done(node.clone());
                };
                self.steps = steps;
                let mut choices = Vec::with_capacity(schemas.len());
                for schema in schemas {
                    match self.schemas.facets(schema) {
                        Ok(facets) => choices.push(Choice { schema, facets }),
                        Err(why) => return Chosen::Done(self.misunderstood(node, &why)),
                    }
                }
                if let Some(latest) = latest::of(node, &choices, facets) {
                    return Chosen::Latest(latest);
                }
                match self.one(node, choices, facets) {
                    Ok(chosen) => {
                        facets.never |= chosen.never;
                        facets.words.extend(chosen.words);
                    }
                    Err(done) => return Chosen::Done(done),
                }
            }
        }
        Chosen::Added
    }

    fn one(
        &mut self,
        node: &Node,
        choices: Vec<Choice<'a>>,
        facets: &Facets<'a>,
    ) -> Result<Facets<'a>, Node> {
        // `Option`: what is not null is judged by the other.
        let is_null = |choice: &Choice<'_>| choice.facets.types().is_some_and(|types| types == ["null"]);
        let (mut null, mut choices): (Vec<_>, Vec<_>) = choices.into_iter().partition(is_null);
        if node.value == Value::Null
            && let Some(null) = null.pop()
        {
            return Ok(null.facets);
        }
        if choices.len() == 1
            && let Some(only) = choices.pop()
        {
            return Ok(only.facets);
        }
        if let Some(tag) = tag(&choices) {
            return self.tagged(node, tag, choices);
        }
        if choices.iter().all(|choice| choice.unit().is_some() || choice.key().is_some())
            && !choices.is_empty()
        {
            return self.keyed(node, choices, facets);
        }
        self.untagged(node, choices, facets)
    }

    /// A map in which one field says what it is: `kind: file`.
    fn tagged(&mut self, node: &Node, tag: &str, choices: Vec<Choice<'a>>) -> Result<Facets<'a>, Node> {
        let names: Vec<_> = choices.iter().filter_map(|choice| choice.tag(tag)).collect();
        let Value::Map(entries) = &node.value else {
            let message = format!("is to be a map with `{tag}`, but is {}", self.found(node));
            self.report(Kind::WrongType, node, &message);
            return Err(node.clone());
        };
        let all = listed(&ticked(names.iter().copied()), "or");
        let Some(entry) = entries.iter().find(|entry| &*entry.key == tag) else {
            let problem = self.problem(Kind::Missing, node, &format!("lacks `{tag}`, which says what it is"));
            self.problems.push(problem.hint(format!("`{tag}` is {all}")));
            return Err(node.clone());
        };
        let name = match &entry.node.value {
            Value::Text(name) => Some(name.clone()),
            _ => self.tag_variable(&entry.node),
        };
        if let Some(name) = &name
            && let Some(at) = names.iter().position(|found| found == name)
            && let Some(choice) = choices.into_iter().nth(at)
        {
            return Ok(choice.facets);
        }
        self.within(ConfigStep::Key(Arc::clone(&entry.key)), |check| {
            let message = format!("is to be {all}, but is {}", check.found(&entry.node));
            let mut problem = check.problem(Kind::Choice, &entry.node, &message);
            if let Some(near) = name.and_then(|name| near(&name, names.iter().copied())) {
                problem = problem.hint(format!("did you mean `{near}`?"));
            }
            check.problems.push(problem);
        });
        Err(node.clone())
    }

    /// The text of the variable to which a tag refers, or as which it was given.
    fn tag_variable(&self, node: &Node) -> Option<String> {
        match crate::config::reference::Reference::of(node) {
            Some(crate::config::reference::Reference::Env(name)) => self.env.get(name),
            _ => spelling(node, self.env),
        }
    }

    /// A selector: a map with exactly one name, which says what it is, or that name alone: `file: {path: ..}`, `none`.
    fn keyed(
        &mut self,
        node: &Node,
        choices: Vec<Choice<'a>>,
        facets: &Facets<'a>,
    ) -> Result<Facets<'a>, Node> {
        let units: Vec<_> = choices.iter().filter_map(Choice::unit).flatten().collect();
        let keys: Vec<_> = choices.iter().filter_map(Choice::key).collect();
        let text = match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => spelling(node, self.env),
        };
        let names = || keys.iter().chain(&units).copied();
        let (found, at) = match (&node.value, text) {
            (_, Some(text)) => {
                if let Some(at) = choices.iter().position(|choice| choice.is_unit(&text)) {
                    return choices
                        .into_iter()
                        .nth(at)
                        .map(|choice| choice.facets)
                        .ok_or_else(|| node.clone());
                }
                if keys.contains(&&*text) {
                    let problem =
                        self.problem(Kind::Choice, node, &format!("is to have values for `{text}`"));
                    self.problems.push(problem.hint(format!("write a map: `{{{text}: ..}}`")));
                    return Err(node.clone());
                }
                (text, &node.origin)
            }
            (Value::Map(entries), None) if !keys.is_empty() => {
                // Fields beside a selector, when it is flattened into another map, are none of its business.
                let fields = facets.fields();
                let beside = |entry: &&Entry| fields.iter().any(|(name, _)| *name == &*entry.key);
                let chosen: Vec<_> = entries
                    .iter()
                    .filter(|entry| fields.is_empty() || keys.contains(&&*entry.key))
                    .filter(|entry| !beside(entry))
                    .collect();
                let [only] = chosen.as_slice() else {
                    return Err(self.not_one(node, &chosen, &keys, &units));
                };
                if let Some(at) = choices.iter().position(|choice| choice.key() == Some(&*only.key)) {
                    return choices
                        .into_iter()
                        .nth(at)
                        .map(|choice| choice.facets)
                        .ok_or_else(|| node.clone());
                }
                if units.contains(&&*only.key) {
                    let message = format!("has values for `{}`, which takes none", only.key);
                    let problem = self.problem(Kind::Choice, node, &message);
                    self.problems.push(problem.hint(format!("write the name alone: `{}`", only.key)));
                    return Err(node.clone());
                }
                (only.key.to_string(), &only.at)
            }
            _ => {
                let expected = selected(&keys, &units);
                let message = format!("is to be {expected}, but is {}", self.found(node));
                self.report(Kind::WrongType, node, &message);
                return Err(node.clone());
            }
        };
        let shown = if self.hidden { "another".to_owned() } else { cut(&found) };
        let message = format!("{} is to be {}, but is {shown}", self.path.subject(), selected(&keys, &units));
        let mut problem = ConfigProblem::new(Kind::Choice, self.path.clone(), message).at(at.clone());
        if let Some(near) = near(&found, names()) {
            problem = problem.hint(format!("did you mean `{near}`?"));
        }
        self.problems.push(problem);
        Err(node.clone())
    }

    /// A selector in which nothing is chosen, or more than one.
    fn not_one(&mut self, node: &Node, chosen: &[&Entry], keys: &[&str], units: &[&str]) -> Node {
        let all = listed(&ticked(keys.iter().copied()), "and");
        let has = match chosen {
            [] => "none of them".to_owned(),
            [_, _] if keys.len() == 2 => "both".to_owned(),
            several => listed(&ticked(several.iter().map(|entry| &*entry.key)), "and"),
        };
        let message = format!("{} is to have exactly one of {all}, but has {has}", self.path.subject());
        let mut problem = ConfigProblem::new(Kind::Choice, self.path.clone(), message);
        match chosen {
            [] => problem = problem.at(node.origin.clone()),
            several => {
                for entry in several {
                    problem = problem.at(entry.at.clone());
                }
            }
        }
        if chosen.is_empty() && !units.is_empty() {
            problem =
                problem.hint(format!("or it is {} alone", listed(&ticked(units.iter().copied()), "or")));
        }
        self.problems.push(problem);
        node.clone()
    }

    /// Alternatives that nothing tells apart but their form: the first that fits.
    fn untagged(
        &mut self,
        node: &Node,
        choices: Vec<Choice<'a>>,
        facets: &Facets<'a>,
    ) -> Result<Facets<'a>, Node> {
        let secret = choices
            .iter()
            .any(|choice| self.schemas.any(&choice.facets, DEEP, &mut |facets| facets.secret()));
        let hidden = self.hidden;
        self.hidden |= secret;
        let chosen = self.first_that_fits(node, choices, facets);
        self.hidden = hidden;
        chosen
    }

    fn first_that_fits(
        &mut self,
        node: &Node,
        choices: Vec<Choice<'a>>,
        facets: &Facets<'a>,
    ) -> Result<Facets<'a>, Node> {
        let text = spelling(node, self.env).is_some();
        let fits = |facets: &Facets<'_>| {
            facets.types().is_none_or(|types| {
                let number = |name: &&str| *name == "integer" && matches!(node.value, Value::Number(_));
                types.iter().any(|name| {
                    *name == type_name(&node.value) || number(name) || (text && *name == "string")
                })
            })
        };
        let schemas: Vec<_> = choices.iter().map(|choice| choice.schema).collect();
        let mut fitting: Vec<_> = choices.into_iter().filter(|choice| fits(&choice.facets)).collect();
        // Where a secret may stand, what is told must be told in here.
        if fitting.len() == 1
            && !self.hidden
            && let Some(only) = fitting.pop()
        {
            return Ok(only.facets);
        }
        // What else is said of the value, apart from descriptions and the choice itself.
        let alone =
            !["properties", "required", "additionalProperties", "unevaluatedProperties", "const", "enum"]
                .iter()
                .any(|word| facets.word(word).is_some());
        let mut best: Option<Vec<ConfigProblem>> = None;
        for choice in fitting {
            let (effective, problems) = self.apart(|check| {
                check.depth += 1;
                let effective = check.value(node, choice.schema);
                check.depth -= 1;
                effective
            });
            match problems.is_empty() {
                true if alone => return Err(effective),
                true => return Ok(choice.facets),
                false if best.as_ref().is_none_or(|best| problems.len() < best.len()) => {
                    best = Some(problems);
                }
                false => {}
            }
        }
        match best {
            // Those of the alternative that comes nearest.
            Some(problems) => self.problems.extend(problems),
            None => {
                let mut forms: Vec<String> = Vec::new();
                for form in schemas.into_iter().map(|schema| self.schemas.expected(schema)) {
                    if !forms.contains(&form) {
                        forms.push(form);
                    }
                }
                let message = format!("is to be {}, but is {}", listed(&forms, "or"), self.found(node));
                self.report(Kind::WrongType, node, &message);
            }
        }
        Err(node.clone())
    }
}

impl<'a> Choice<'a> {
    /// The names that this is, if it is a name alone, or several.
    pub(super) fn unit(&self) -> Option<Vec<&'a str>> {
        self.facets.values()?.into_iter().map(Json::as_str).collect()
    }

    fn is_unit(&self, name: &str) -> bool {
        self.unit().is_some_and(|names| names.contains(&name))
    }

    /// The one name of the map that this is, if it is a map of one name.
    pub(super) fn key(&self) -> Option<&'a str> {
        let (required, fields) = (self.facets.required(), self.facets.fields());
        match (required.as_slice(), fields.as_slice()) {
            ([required], [(name, _)]) if required == name => Some(name),
            _ => None,
        }
    }

    /// What a field is to be for this to be meant.
    pub(super) fn tag(&self, field: &str) -> Option<&'a str> {
        if !self.facets.required().contains(&field) {
            return None;
        }
        let (_, schema) = self.facets.fields().into_iter().find(|(name, _)| *name == field)?;
        match (schema.get("const"), schema.get("enum").and_then(Json::as_array).map(Vec::as_slice)) {
            (Some(only), _) | (None, Some([only])) => only.as_str(),
            _ => None,
        }
    }
}

/// The field by which alternatives are told apart.
pub(super) fn tag<'a>(choices: &[Choice<'a>]) -> Option<&'a str> {
    let (first, rest) = choices.split_first()?;
    let fields = first.facets.required();
    fields.into_iter().find(|field| {
        let mut names = vec![];
        std::iter::once(first).chain(rest).all(|choice| match choice.tag(field) {
            // Two of the same name are told apart by something else.
            Some(name) if !names.contains(&name) => {
                names.push(name);
                true
            }
            _ => false,
        })
    })
}

/// What a selector is to be.
fn selected(keys: &[&str], units: &[&str]) -> String {
    let map = match keys {
        [] => None,
        [key] => Some(format!("a map with `{key}`")),
        keys => Some(format!("a map with one of {}", listed(&ticked(keys.iter().copied()), "and"))),
    };
    let names = ticked(units.iter().copied());
    match map {
        None => listed(&names, "or"),
        Some(map) if names.is_empty() => map,
        Some(map) => format!("{}, or {map}", names.join(", ")),
    }
}
