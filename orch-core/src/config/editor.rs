use schemars::Schema;
use serde_json::{Value as Json, json};

use super::schema::{SECRET, Words};

/// Where the schema keeps what a reference to an environment variable looks like.
const ENV: &str = "EnvReference";

/// Words whose value is one schema.
const ONE: [&str; 5] = ["items", "additionalProperties", "unevaluatedProperties", "not", "contains"];

/// Words whose value is a list of schemas.
const LISTS: [&str; 4] = ["prefixItems", "oneOf", "anyOf", "allOf"];

/// Words whose value is schemas by name.
const MAPS: [&str; 3] = ["properties", "patternProperties", "$defs"];

/// Words that say what a schema is about, and that stay outside when a reference is allowed beside it.
const ABOUT: [&str; 6] = ["title", "description", "default", "examples", "deprecated", "$comment"];

/// The schema as editors want it, to complete and check files while they are written: `{env: NAME}` may stand wherever a
/// text, a number or a truth value may, and a secret is a reference. Words of orch's own are left out.
#[must_use]
pub fn for_editors(schema: &Schema) -> Schema {
    let mut words = schema.as_value().as_object().cloned().unwrap_or_default();
    within(&mut words);
    let draft = json!("https://json-schema.org/draft/2020-12/schema");
    let mut whole = Words::new();
    whole.insert("$schema".to_owned(), words.remove("$schema").unwrap_or(draft));
    whole.append(&mut words);
    let definitions = whole.entry("$defs").or_insert_with(|| json!({}));
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.insert(
            ENV.to_owned(),
            reference("env", "The name of an environment variable that holds the value."),
        );
    }
    Schema::from(whole)
}

fn within(words: &mut Words) {
    for word in ONE {
        if let Some(schema) = words.get_mut(word) {
            rewritten(schema);
        }
    }
    for word in LISTS {
        for schema in words.get_mut(word).and_then(Json::as_array_mut).into_iter().flatten() {
            rewritten(schema);
        }
    }
    for word in MAPS {
        for (_, schema) in words.get_mut(word).and_then(Json::as_object_mut).into_iter().flatten() {
            rewritten(schema);
        }
    }
}

fn rewritten(schema: &mut Json) {
    let Json::Object(words) = schema else { return };
    if words.get(SECRET) == Some(&Json::Bool(true)) {
        let nullable =
            words.get("type").and_then(Json::as_array).is_some_and(|types| types.contains(&json!("null")));
        let mut secret = about(words);
        let file = reference("file", "A file that holds the secret.");
        let env = json!({ "$ref": format!("#/$defs/{ENV}") });
        let mut forms = vec![env, file];
        if nullable {
            forms.push(json!({ "type": "null" }));
        }
        secret.insert("anyOf".to_owned(), Json::Array(forms));
        *schema = Json::Object(secret);
        return;
    }
    within(words);
    words.retain(|word, _| !word.starts_with("x-orch-"));
    let env = json!({ "$ref": format!("#/$defs/{ENV}") });
    if is_scalar(words) {
        let mut around = about(words);
        let inner = std::mem::take(words);
        around.insert("anyOf".to_owned(), json!([inner, env]));
        *words = around;
    } else if let Some(Json::Array(choices)) = words.get_mut("oneOf")
        && choices.iter().any(is_name)
        && !choices.iter().any(is_wrapped)
    {
        choices.push(env);
    }
}

/// A text, a number or a truth value. One that is always the same tells choices apart, and stays.
fn is_scalar(words: &Words) -> bool {
    let scalar = |name: &str| ["string", "number", "integer", "boolean", "null"].contains(&name);
    let typed = match words.get("type") {
        Some(Json::String(name)) => name != "null" && scalar(name),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).all(scalar),
        _ => false,
    };
    let single = words.get("enum").and_then(Json::as_array).is_some_and(|values| values.len() == 1);
    typed && !single && !words.contains_key("const")
}

/// A name that is a choice by itself.
fn is_name(schema: &Json) -> bool {
    schema.get("const").is_some_and(Json::is_string)
}

/// A choice that allows a reference already; of `oneOf` only one may fit.
fn is_wrapped(schema: &Json) -> bool {
    schema.get("anyOf").is_some()
}

/// What a schema is about, taken out of it.
fn about(words: &mut Words) -> Words {
    ABOUT
        .iter()
        .filter_map(|word| words.shift_remove(*word).map(|value| ((*word).to_owned(), value)))
        .collect()
}

fn reference(word: &str, description: &str) -> Json {
    json!({
        "type": "object",
        "properties": { word: { "type": "string", "description": description } },
        "required": [word],
        "additionalProperties": false,
    })
}
