use serde_json::Value as Json;

use super::{Check, Kind};
use crate::config::reference::Reference;
use crate::config::schema::{Facets, Schemas};
use crate::config::{EnvVars, Node, Origin, Value, scalar, set};

/// How deep choices within choices are looked at.
const DEEP: usize = 4;

/// What a value turned out to be.
pub(super) enum Found {
    /// What it says.
    Itself,
    /// A reference to a variable; this is what the variable holds.
    Read(Node),
    /// A reference that leads to nothing, which is told.
    Wrong,
}

impl<'a> Check<'a> {
    /// Reads `{env: NAME}` where a text, a number or a truth value is expected.
    pub(super) fn variable(&mut self, node: &Node, facets: &Facets<'a>) -> Found {
        let Some(Reference::Env(name)) = Reference::of(node) else { return Found::Itself };
        // A secret stays the reference that it is, and where `env` is a name as any other it is no reference.
        if self.schemas.any(facets, DEEP, &mut |facets| facets.secret() || takes_env(facets)) {
            return Found::Itself;
        }
        let scalar = |name| ["string", "number", "integer", "boolean"].contains(&name);
        let wants_scalar = self.schemas.any(facets, DEEP, &mut |facets| {
            facets.values().is_some() || facets.types().is_some_and(|types| types.into_iter().any(scalar))
        });
        if !wants_scalar {
            let expected = self.schemas.expected_of(facets);
            let message = format!(
                "is to be {expected}, and `{{env: {name}}}` can only be a text, a number or a truth value"
            );
            self.report(Kind::WrongType, node, &message);
            return Found::Wrong;
        }
        let Some(text) = self.env.get(name) else {
            let message = format!("is the environment variable `{name}`, which is not set");
            let problem = self.problem(Kind::Reference, node, &message);
            self.problems.push(problem.hint(format!("set it where the program is started: {name}=..")));
            return Found::Wrong;
        };
        let wants_text = self
            .schemas
            .any(facets, DEEP, &mut |facets| facets.types().is_some_and(|types| types.contains(&"string")));
        let value = match scalar::resolve(text.trim()) {
            // The text `null` in a variable is a text, if there may be one.
            Ok(Value::Null) if wants_text => Value::Text(text),
            // Blanks around a number do no harm, those of a text belong to it.
            Ok(Value::Text(_)) | Err(_) => Value::Text(text),
            Ok(value) => value,
        };
        let origin = Origin::Env { name: name.into(), asked: Box::new(node.origin.clone()) };
        Found::Read(Node { value, origin })
    }
}

/// The text as which a value came, if it came as text: from a variable, or as all that `--set` gives.
pub(super) fn spelling(node: &Node, env: &EnvVars) -> Option<String> {
    match (&node.value, &node.origin) {
        (Value::List(_) | Value::Map(_) | Value::Text(_), _) => None,
        (_, Origin::Env { name, .. }) => env.get(name),
        (value, Origin::Set(text)) => set::value_of(text)
            .filter(|spelled| scalar::resolve(spelled).as_ref() == Ok(value))
            .map(str::to_owned),
        _ => None,
    }
}

/// Whether a map with the name `env` is meant to stand here.
fn takes_env(facets: &Facets<'_>) -> bool {
    let Some(types) = facets.types() else {
        // Anything goes.
        return facets.values().is_none()
            && facets.choices().next().is_none()
            && facets.word("properties").is_none()
            && facets.word("items").is_none();
    };
    let closed = facets.all("additionalProperties").any(|word| word == &Json::Bool(false));
    let fields = facets.fields();
    types.contains(&"object")
        && (fields.iter().any(|(name, _)| *name == "env") || (fields.is_empty() && !closed))
}

impl<'a> Schemas<'a> {
    /// Whether something holds of a schema, or of one of the choices that it gives.
    pub(super) fn any(
        self,
        facets: &Facets<'a>,
        left: usize,
        holds: &mut dyn FnMut(&Facets<'a>) -> bool,
    ) -> bool {
        if holds(facets) {
            return true;
        }
        let Some(left) = left.checked_sub(1) else { return false };
        facets.choices().flatten().any(|choice| match self.facets(choice) {
            Ok(facets) => self.any(&facets, left, holds),
            Err(_) => false,
        })
    }
}
