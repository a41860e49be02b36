use schemars::SchemaGenerator;
use serde_json::{Map, Value as Json};

use crate::config::{Node, Value};

/// What a schema says of what is not fixed; none if all of it is. A value is fixed as a whole, but for maps, of which
/// some fields can be.
pub(super) fn without(schema: Json, fixed: &Node, types: &SchemaGenerator) -> Option<Json> {
    let Value::Map(entries) = &fixed.value else { return None };
    let mut words = written_out(schema, types)?;
    let properties = words.get_mut("properties")?.as_object_mut()?;
    let mut gone = Vec::new();
    for entry in entries {
        let Some(field) = properties.remove(&*entry.key) else { continue };
        match without(field, &entry.node, types) {
            Some(left) => _ = properties.insert(entry.key.to_string(), left),
            None => gone.push(&*entry.key),
        }
    }
    if properties.is_empty() {
        return None;
    }
    words.remove("default");
    if let Some(Json::Array(required)) = words.get_mut("required") {
        required.retain(|name| !name.as_str().is_some_and(|name| gone.contains(&name)));
        if required.is_empty() {
            words.remove("required");
        }
    }
    Some(Json::Object(words))
}

/// The schema with the type that it refers to in it.
fn written_out(schema: Json, types: &SchemaGenerator) -> Option<Map<String, Json>> {
    let Json::Object(mut words) = schema else { return None };
    let Some(reference) = words.remove("$ref") else { return Some(words) };
    let name = reference.as_str()?.rsplit('/').next()?.to_owned();
    let mut whole = types.definitions().get(&name)?.as_object()?.clone();
    whole.extend(words);
    Some(whole)
}
